"""Expected counts of headers, lists and bold in style/cases.json, by the patterns of FastChat. Run here: python3 make_style_cases.py"""
import json
import re, random
def form(t):
    t=re.sub(r"```[^`]*```","",t)
    h=sum(len(re.findall(r"^#{%d}\s"%k,t,re.M)) for k in range(1,7))
    l=len(re.findall(r"^\s*\d+\.\s",t,re.M))+len(re.findall(r"^\s*[-*+]\s",t,re.M))
    b=len(re.findall(r"\*\*[^*\n]+\*\*",t))+len(re.findall(r"__[^_\n]+__",t))
    return h,l,b
rng=random.Random(5)
cases=["","#","#\n# x","####### seven","- ","-\n- x","\n\n\n- x","1.\n2. x","10. x 11. y","***a**","**a** **b**","**a\nb**","** **","____","__a__b__","```\n# no\n```\n# yes","```a`b``` # c\n# d","````x````","``` open\n- x"," # no","\t- yes","- - x","1.x","\u0663. x","\u00a0- x","*a*\n* b","a\r\n- b\r\n1. c","**a**b**c**"]
bits=["#","##"," ","\n","-","*","**","1",".","1. ","- ","_","__","`","```","a","b c","\t","\n\n","+ "]
while len(cases)<220:
    s="".join(rng.choice(bits) for _ in range(rng.randint(3,14)))
    if sum(form(s))>0 or rng.random()<.1: cases.append(s)
rows=",\n".join(json.dumps([c,*form(c)]) for c in cases)
open("style/cases.json","w").write("[\n"+rows+"\n]\n")
