//! Parquet: the columns that are needed, row by row.

use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use parquet::schema::types::Type;
use serde_json::{Map, Value};

use super::batch::{Batch, single};
use super::error::{FileError, Place};
use super::layout::{Header, Layout};
use super::{FileVotes, Options};

pub(super) fn read(bytes: Bytes, options: &Options) -> Result<FileVotes, FileError> {
    let reader = SerializedFileReader::new(bytes).map_err(damaged)?;
    let schema = reader.metadata().file_metadata().schema();
    let fields = schema.get_fields();
    let names = fields.iter().map(|field| field.name().to_owned()).collect::<Vec<_>>();
    let header = Header::new(names.clone())?;
    let Some(layout) = Layout::find(&header, options.keep)? else {
        return Err(FileError::Columns(super::verdict::shown_columns(&names.join(","))));
    };
    let columns = layout.columns();
    let wanted = columns.iter().map(|&at| Arc::clone(&fields[at])).collect();
    let projection =
        Type::group_type_builder(schema.name()).with_fields(wanted).build().map_err(damaged)?;
    let rows = reader.get_row_iter(Some(projection)).map_err(damaged)?;
    let mut batch = Batch::new(&layout, options.skip_bad_rows);
    let mut cells = vec![String::new(); header.len()];
    for (number, row) in (1..).zip(rows) {
        let row = row.map_err(|error| FileError::Damaged(format!("row {number}: {error}")))?;
        let go_on = match fill(&mut cells, &columns, row) {
            Ok(()) => batch.add(number, &cells),
            Err(reason) => batch.refuse(number, reason),
        };
        if !go_on {
            break;
        }
    }
    single(batch, &layout, options.skip_bad_rows, Place::Row)
}

fn damaged(error: ParquetError) -> FileError {
    FileError::Damaged(error.to_string())
}

fn fill(cells: &mut [String], columns: &[usize], row: Row) -> Result<(), String> {
    for (&at, (name, field)) in columns.iter().zip(row.into_columns()) {
        cells[at] = match field {
            Field::Null => String::new(),
            Field::Str(text) => text,
            other => match value(&other) {
                Some(Value::String(text)) => text,
                Some(value) => value.to_string(),
                None => return Err(format!("the column {name} has a type that is not read here")),
            },
        };
    }
    Ok(())
}

/// A value as JSON has it; `None` for types without a plain one.
fn value(field: &Field) -> Option<Value> {
    Some(match field {
        Field::Null => Value::Null,
        Field::Bool(truth) => Value::from(*truth),
        Field::Byte(number) => Value::from(*number),
        Field::Short(number) => Value::from(*number),
        Field::Int(number) => Value::from(*number),
        Field::Long(number) => Value::from(*number),
        Field::UByte(number) => Value::from(*number),
        Field::UShort(number) => Value::from(*number),
        Field::UInt(number) => Value::from(*number),
        Field::ULong(number) => Value::from(*number),
        // Written without a fraction where there is none, so that 81.0 is question 81.
        Field::Float(number) => Value::from(number.to_string()),
        Field::Double(number) => Value::from(number.to_string()),
        Field::Str(text) => Value::from(text.as_str()),
        Field::Bytes(bytes) => Value::from(bytes.as_utf8().ok()?),
        Field::TimestampMillis(moment) => Value::from(moment.checked_mul(1_000)?),
        Field::TimestampMicros(moment) => Value::from(*moment),
        Field::Date(days) => Value::from(i64::from(*days) * 86_400),
        Field::Group(row) => {
            let fields = row.get_column_iter();
            let named = fields.map(|(name, field)| Some((name.clone(), value(field)?)));
            Value::Object(named.collect::<Option<Map<_, _>>>()?)
        }
        Field::ListInternal(list) => {
            Value::Array(list.elements().iter().map(value).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}
