//! The words around a name, in the languages of the site: who speaks, who made, what it is.
//!
//! A blank in a phrase may be any gap or none; an apostrophe must be a gap. Accents, case and
//! alphabet do not matter, both sides are folded. Latin, Cyrillic and Arabic phrases stand for whole
//! words; in Chinese and Japanese a word may stand anywhere.

/// What a phrase says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    /// "I am", "my name is": a name or a description follows.
    Me,
    /// The same in a language that has no copula, or has it at the end: the name must end the clause.
    MeBare,
    /// "I was", "I have been": who made the speaker follows.
    WasMade,
    /// "my developer", "the company that made me": a name follows.
    MyMaker,
    /// "this answer was written by": a name follows.
    ThisText,
    /// "as": needs more.
    As,
    /// "language model", "chatbot": no person.
    Machine,
    /// "assistant", "model": a machine or a person.
    Helper,
    /// "developed by": a maker follows.
    By,
    /// "by", "from": a maker follows if the rest says so.
    From,
    /// "developed", after the maker.
    Made,
    /// "made me", after the maker.
    MadeMe,
    /// "here", after a name at the start.
    Here,
    /// The copula after a name.
    Is,
    /// Articles, adjectives, "called": nothing.
    Filler,
    /// "a", "the": nothing either, but "a Gemini" is no name.
    Article,
    /// Says that the sentence is not meant.
    Not,
    /// People and things that are about a model without being it.
    Person,
    /// "and", "or".
    And,
    /// "I" and "my" in a main clause.
    I,
    /// What only a machine that serves people says.
    Service,
    /// What a name means when it is no model's.
    Elsewhere,
    /// Words that contain another phrase and take it away.
    Other,
}

/// All phrases, separated by bars.
pub(super) const PHRASES: &[(Sense, &str)] = &[
    (
        Sense::Me,
        "i am|i'm|l am|i happen to be|i go by|my name is|my name's|the name is|the name's|\
            call me|you can call me|you may call me|they call me|people call me|i'm called|\
            i am called|i'm known as|i am known as|you are talking to|you're talking to|\
            you are chatting with|you're chatting with|you are speaking with|\
            you're speaking with|you are speaking to|you're interacting with|\
            you are interacting with|i identify as|i'm named|i was named|i introduce myself as|i be|me be|unit designation|my designation|my designation is",
    ),
    (
        Sense::Me,
        "je suis|je m'appelle|mon nom est|on m'appelle|vous parlez a|vous parlez avec|\
            tu parles a|tu parles avec|vous pouvez m'appeler|tu peux m'appeler|je me nomme",
    ),
    (
        Sense::Me,
        "ich bin|ich heisse|ich heiße|mein name ist|mein name lautet|man nennt mich|nenn mich|\
            du sprichst mit|sie sprechen mit|bin ich",
    ),
    (
        Sense::Me,
        "soy|yo soy|me llamo|mi nombre es|estas hablando con|hablas con|puedes llamarme|\
            se me conoce como",
    ),
    (Sense::Me, "io sono|sono|mi chiamo|il mio nome e|stai parlando con|puoi chiamarmi"),
    (
        Sense::Me,
        "eu sou|sou|me chamo|chamo me|o meu nome e|meu nome e|voce esta falando com|\
            esta a falar com|pode me chamar de",
    ),
    (
        Sense::Me,
        "ik ben|mijn naam is|ik heet|jag ar|jag heter|mitt namn ar|jestem|nazywam sie|\
            mam na imie|benim adim|adim",
    ),
    (
        Sense::Me,
        "我是|我叫|我的名字是|我的名字叫|我的名字叫做|我名叫|您可以叫我|你可以叫我|你正在和|我就是|我乃|我為|我即是",
    ),
    (
        Sense::MeBare,
        "я|я это|меня зовут|мое имя|моё имя|меня называют|вы разговариваете с|вы общаетесь с|\
            ты говоришь с|أنا|انا|اسمي|اسمي هو|أنا هو|يمكنك مناداتي|私は|わたしは|私の名前は|名前は|僕は|ぼくは|\
            わたくしは|저는|나는|제 이름은|내 이름은|मैं|मेरा नाम",
    ),
    (
        Sense::WasMade,
        "i was|i have been|i've been|i am being|j'ai ete|je fus|ich wurde|wurde ich|he sido|\
            fui|sono stato|sono stata|eu fui|tenho sido|я был|я была|меня|我由|我是由|我被|我是被|我由于|\
            ik ben|ik werd|zostalem|zostalam|تم|لقد تم",
    ),
    (
        Sense::MyMaker,
        "меня создала компания|меня разработала компания|меня обучила компания|меня создала|меня разработала|\
            меня обучила|меня создал|меня разработал|меня обучил|\
            my creator is|my creators are|my creator|my creators|my developer is|\
            my developers are|my developer|my developers|my maker is|my maker|my makers|\
            my parent company is|my parent company|the company that created me|\
            the company that made me|the company that developed me|the company that trained me|\
            the company that built me|the company behind me|the team behind me|\
            the team that created me|the people who made me|i come from|i belong to|\
            mon createur est|mes createurs|mon developpeur|l'entreprise qui m'a cree|\
            l'entreprise qui m'a developpe|l'equipe qui m'a cree|mein entwickler ist|\
            mein entwickler|meine entwickler|mein hersteller|\
            das unternehmen das mich entwickelt hat|mi creador es|mi creador|mis creadores|\
            la empresa que me creo|la empresa que me desarrollo|il mio creatore|\
            il mio sviluppatore|i miei creatori|i miei sviluppatori|l'azienda che mi ha creato|\
            l'azienda che mi ha sviluppato|meu criador|meus criadores|meu desenvolvedor|\
            a empresa que me criou|a empresa que me desenvolveu|мой создатель|мои создатели|\
            мой разработчик|мои разработчики|компания создавшая меня|меня создала|меня создали|\
            меня разработала|меня разработали|меня обучила|меня обучили|我的开发者是|我的开发者|我的创造者是|\
            我的创造者|我的开发公司是|我的制造商是|开发我的公司是|创建我的公司是|我来自|我出自|私の開発者は|私の開発元は|開発元は|私を開発したのは|私を作ったのは|\
            私の開発会社は|제 개발사는|저를 개발한 회사는|저를 만든 회사는|저를 만든 곳은|저의 개발사는|تم تطويري بواسطة|\
            تم تطويري من قبل|تم تدريبي بواسطة|تم تدريبي من قبل|تم إنشائي بواسطة|تم إنشائي من قبل|\
            طورتني|دربتني|أنشأتني|صممتني|صنعتني|مطوري هو|الشركة التي طورتني هي|\
            الشركة المطورة لي هي",
    ),
    (
        Sense::ThisText,
        "the assistant you are talking to is|the ai you are talking to is|the assistant is|\
            this answer was written by|this answer was generated by|\
            this response was generated by|this response was written by|\
            this text was generated by|this text was written by|this reply was written by|\
            this reply was generated by|answer by|answer generated by|response generated by|\
            i am powered by|i'm powered by|i run on|i'm running on|i am running on|i am based on|\
            i'm based on|i am built on|i'm built on|my underlying model is|my model is|\
            my model name is|the model you are using is|the model you are talking to is|\
            cette reponse a ete generee par|cette reponse a ete ecrite par|\
            diese antwort wurde generiert von|diese antwort stammt von|\
            diese antwort wurde verfasst von|ich basiere auf|esta respuesta fue generada por|\
            esta respuesta fue escrita por|estoy basado en|je suis base sur|je suis basee sur|\
            questa risposta e stata generata da|sono basato su|sono basata su|\
            esta resposta foi gerada por|sou baseado em|этот ответ написан|\
            этот ответ сгенерирован|я работаю на базе|я основан на|我基于|我是基于|本回答由|这个回答由|この回答は|\
            私のモデル名は|私のモデルは|제 모델은|이 답변은|أعتمد على نموذج|هذه الإجابة من",
    ),
    (
        Sense::As,
        "as|speaking as|en tant que|en tant qu|als|como|in quanto|in qualita di|come|enquanto|\
            na qualidade de|как|будучи|作为|身为|作為|بصفتي|بوصفي|باعتباري|كوني",
    ),
    (
        Sense::Machine,
        "ai|a i|ais|ai assistant|virtual assistant|language model|large language model|llm|\
            ai model|chatbot|chat bot|artificial intelligence|machine learning model|ai system|\
            ki|sprachmodell|grosses sprachmodell|ki modell|ki assistent|kunstliche intelligenz|\
            ia|modele de langage|modele de langue|intelligence artificielle|\
            agent conversationnel|modelo de lenguaje|modelo de linguagem|modelo de lingua|\
            inteligencia artificial|asistente virtual|modello linguistico|modello di linguaggio|\
            intelligenza artificiale|ии|языковая модель|чат бот|чатбот|искусственный интеллект|\
            нейросеть|نموذج لغوي|نموذج لغوي كبير|مساعد ذكي|ذكاء اصطناعي|الذكاء الاصطناعي|\
            روبوت دردشة|人工智能|人工智能助手|大语言模型|语言模型|大模型|智能助手|聊天机器人|人工知能|言語モデル|大規模言語モデル|チャットボット|인공지능|\
            언어 모델|언어모델|챗봇|भाषा मॉडल|taalmodel|sprakmodell|model jezykowy|yapay zeka|dil modeli",
    ),
    (
        Sense::Helper,
        "program|programme|programm|programa|programma|программа|プログラム|程序|برنامج|프로그램|computer program|\
            assistant|assistants|model|modell|modelo|modele|modello|assistent|assistenten|\
            assistante|asistente|assistente|модель|ассистент|помощник|نموذج|مساعد|模型|助手|モデル|\
            アシスタント|모델|비서|어시스턴트|bot|सहायक|मॉडल|asystent",
    ),
    (
        Sense::By,
        "made by|developed by|trained by|created by|built by|designed by|produced by|\
            released by|offered by|provided by|operated by|maintained by|engineered by|\
            crafted by|brought to you by|fine tuned by|finetuned by|coded by|published by|\
            made at|developed at|trained at|created at|built at|made for|by the team at|\
            by researchers at|by the folks at|by the company|by a company called|by engineers at|\
            developpe par|developpee par|concu par|concue par|cree par|creee par|entraine par|\
            entrainee par|fabrique par|entwickelt von|trainiert von|erstellt von|geschaffen von|\
            gebaut von|erschaffen von|desarrollado por|desarrollada por|creado por|creada por|\
            entrenado por|entrenada por|hecho por|disenado por|sviluppato da|sviluppata da|\
            creato da|creata da|addestrato da|addestrata da|realizzato da|desenvolvido por|\
            desenvolvida por|desenvolvido pela|desenvolvida pela|desenvolvido pelo|criado por|\
            criada por|criado pela|criada pela|criado pelo|treinado por|treinada por|\
            treinado pela|treinado pelo|разработанная|разработанный|созданная|созданный|\
            обученная|обученный|разработан|разработана|создан|создана|обучен|обучена|طوره|طورته|\
            طورتها|من تطوير|تم تطويره بواسطة|تم تدريبه بواسطة|دربته|أنشأته|صممته|من إنتاج|\
            ontwikkeld door|gemaakt door|getraind door|utvecklad av|stworzony przez|\
            opracowany przez",
    ),
    (
        Sense::From,
        "by|from|de|par|d|von|von der firma|vom|por|da|di|dal team di|pela|pelo|от|компанией|\
            компании|由|来自|من قبل|بواسطة|من|av|przez|door|van",
    ),
    (
        Sense::Made,
        "によって開発されました|によって作られました|によってトレーニングされました|に開発されました|\
            entwickelt|trainiert|erstellt|geschaffen|erschaffen|gebaut|entworfen|entwickeltes|\
            entwickelte|entwickelter|trainiertes|trainierte|trainierter|erstelltes|erstellter|\
            geschaffenes|geschaffener|programmiert|开发的|研发的|训练的|创建的|推出的|打造的|制作的|开发|研发|训练|创建|打造|創造|\
            が開発した|の開発した|に開発された|によって開発された|によって作られた|によってトレーニングされた|によって訓練された|が作った|が作成した|が提供する|\
            がトレーニングした|が訓練した|製の|社が開発した|社の|が開発|が開発し|에서 개발한|이 개발한|가 개발한|에서 만든|이 만든|가 만든|에서 개발된|\
            에 의해 개발된|에서 훈련한|에서 훈련된|가 만들었습니다|이 만들었습니다|에서 만들었습니다|가 개발했습니다|이 개발했습니다|\
            에서 개발했습니다|사의|의 인공지능|developed|trained|made|created|built|\
            द्वारा बनाया गया|द्वारा विकसित|द्वारा प्रशिक्षित|tarafindan gelistirilen|tarafindan",
    ),
    (
        Sense::MadeMe,
        "that trained me|that made me|that created me|that developed me|that built me|who made me|who created me|who trained me|which created me|which trained me|which made me|which developed me|と申します|\
            created me|made me|trained me|developed me|built me|designed me|is my creator|\
            is my maker|is my developer|is my name|are my creators|is what i am called|m'a cree|\
            m'a developpe|m'a concu|m'a entraine|hat mich entwickelt|hat mich erschaffen|\
            hat mich trainiert|ist mein name|ist mein entwickler|me creo|me desarrollo|\
            me entreno|me ha creado|me ha desarrollado|es mi nombre|mi ha creato|\
            mi ha sviluppato|mi ha addestrato|me criou|me desenvolveu|me treinou|создала меня|\
            разработала меня|обучила меня|开发了我|创造了我|训练了我|创建了我|が私を開発|が私を作|\
            |에서 저를 개발|가 저를 개발|이 저를 개발|에서 저를 만들|가 저를 만들|이 저를 만들|هو اسمي",
    ),
    (Sense::Here, "here|ici|hier|aqui|speaking"),
    (
        Sense::Is,
        "です|だ|である|であり|でございます|と申します|といいます|と言います|という|と呼ばれ|って言います|입니다|이에요|예요|이라고|라고|이야|야|이며|이고|\
            हूँ|हूं|है|im|yim|ım",
    ),
    (
        Sense::Filler,
        "but|but a humble|humble|mere|merely|loyal|faithful|в|на|organization|organisation|\
            of|is|are|son|sind|sont|sao|the company|\
            just|simply|actually|indeed|only|really|well|of course|called|named|known as|\
            also known as|officially|large|helpful|your|friendly|virtual|new|own|big|\
            multilingual|advanced|powerful|conversational|open source|open|text based|ai powered|\
            ai driven|one of|member of|version of|instance of|the latest|hello|hi|version|based|\
            state of the art|team|company|lab|research|researchers|developers|engineers|by|at|in|\
            to be|proudly|none other than|in fact|s|named as|type of|kind of|carefully|specially|\
            originally|small|instruction tuned|fine tuned|pre trained|lightweight|\
            transformer based|servant|servant called|servant named|nomme|nommee|appele|appelee|qui s'appelle|grand|grande|votre|ton|\
            simplement|tout simplement|en fait|virtuel|virtuelle|l'entreprise|la societe|societe|\
            equipe|l'equipe|namens|genannt|grosses|großes|ein grosses|dein|ihr|einfach|\
            virtueller|freundlicher|kunstlicher|naturlich|der firma|firma|dem unternehmen|\
            unternehmen|llamado|llamada|tu|su|simplemente|gran|conversacional|virtual|la empresa|\
            empresa|equipo|chiamato|chiamata|di nome|il tuo|tuo|semplicemente|grande|virtuale|\
            l'azienda|azienda|chamado|chamada|seu|sua|teu|simplesmente|a empresa|это|просто|\
            большая|большой|ваш|твой|по имени|под названием|виртуальный|называется|языковой|هو|\
            كبير|اسمه|يدعى|مساعدك|شركة|ببساطة|一个|一款|一種|一种|一個|名为|叫做|叫|您的|你的|的|大型|公司|团队|旗下|自主|是|\
            超大规模|ただの|という名前の|という名の|あなたの|社|株式会社|그냥|여러분의|당신의|회사|een|en|ett",
    ),
    (
        Sense::Article,
        "a|an|the|un|une|le|la|les|l|el|los|uno|una|lo|il|ein|eine|einen|einem|einer|der|die|\
            das|dem|den|o|os|as|um|uma",
    ),
    (
        Sense::Not,
        "not|never|no|neither|nor|isn't|n't|pas|ne|nicht|kein|keine|nunca|jamas|non|nao|nem|\
            не|ни|ليس|لست|لا|不是|并非|不|没有|じゃない|ではありません|ではなく|아니|아닙니다",
    ),
    (
        Sense::Person,
        "user|users|fan|fans|engineer|engineers|researcher|researchers|scientist|developer|\
            developers|expert|experts|student|students|journalist|customer|employee|employees|\
            manager|teacher|professor|consultant|founder|ceo|intern|subscriber|investor|\
            specialist|critic|lover|enthusiast|competitor|alternative|clone|plugin|api|app|\
            tutorial|course|benchmark|wrapper|skeptic|recruiter|team lead|lead|shareholder|\
            partner|writing|using|working|testing|comparing|reading|building|studying|learning|\
            talking|looking|going|trying|running|asking|utilisateur|utilisatrice|ingenieur|\
            ingenieure|chercheur|chercheuse|developpeur|fan de|nutzer|nutzerin|entwickler|\
            entwicklerin|forscher|forscherin|mitarbeiter|kunde|kundin|usuario|usuaria|ingeniero|\
            ingeniera|investigador|desarrollador|utente|ingegnere|ricercatore|sviluppatore|\
            usuario|engenheiro|engenheira|pesquisador|desenvolvedor|пользователь|инженер|\
            разработчик|исследователь|сотрудник|مستخدم|مهندس|باحث|مطور|用户|工程师|研究员|员工|粉丝|开发人员|程序员|\
            ユーザー|エンジニア|研究者|社員|ファン|사용자|엔지니어|연구원|직원|팬|개발자",
    ),
    (Sense::And, "and|or|vs|versus|et|ou|und|oder|y|e|o|и|или|و|أو|和|与|或|と|や|와|과"),
    (
        Sense::I,
        "j'ai|n'ai|m'ai|l'ai|\
            i|my|me|i'd|i'm|i'll|je|j|mon|ich|mein|meine|yo|mi|mis|io|il mio|eu|meu|minha|я|мой|\
            моя|мои|у меня|我|我的|私|저|제|أنا|لا أستطيع|لدي|no tengo|non ho|nao tenho|kann ich|\
            habe ich|bin ich|non posso|no puedo|nao posso",
    ),
    (
        Sense::Service,
        "help you|assist you|how can i help|how may i help|how can i assist|your questions|\
            here to help|happy to help|glad to help|vous aider|t'aider|puis je|a votre service|\
            vos questions|helfen|ihnen behilflich|ayudarte|ayudarle|ayudar|aiutarti|aiutarla|\
            aiutare|ajudar|ajuda lo|ajudar voce|помочь|помогу|помогать|أساعدك|مساعدتك|خدمتك|帮您|\
            帮助您|帮助你|帮你|为您|お手伝い|お役に立て|도와|도움|도울|training data|knowledge cutoff|\
            donnees d'entrainement|trainingsdaten",
    ),
    (
        Sense::Elsewhere,
        "zodiac|horoscope|star sign|ascendant|astrology|libra|leo|virgo|aries|taurus|scorpio|\
            aquarius|pisces|sagittarius|capricorn|twin|twins|constellation|monet|debussy|shannon|\
            painter|wool|andes|pasture|alpaca|herd|wind|provence|rhone|souffle|vent|vento|viento|\
            wolken|星座|双子座|双子|гороскоп|близнецы|برج|占星",
    ),
    (
        Sense::Other,
        "whether i was|if i was|whether i am|whether i'm|if i am|if i'm|if i were|si je suis|si j'etais|ob ich|wenn ich|si soy|si fui|se sono|se sou|se fui|если я|是不是我|whether i have been|\
            ci sono|vi sono|non sono|as well as|such as|as soon as|as far as|as long as|same as|\
            as good as|known as well as|i was wondering|i am not sure|i'm not sure|i am using|\
            i'm using|yo soy de|my creator token|por ejemplo|par exemple|je suis alle|\
            je suis allee",
    ),
];
