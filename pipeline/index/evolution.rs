//! Tables that an older or another program wrote: what the present one makes of them.

use std::sync::Arc;

use arrow::{
    array::RecordBatch,
    datatypes::{DataType, Field, FieldRef, Schema, SchemaRef},
};
use deltalake::{
    kernel::Action,
    protocol::{DeltaOperation, SaveMode},
    writer::DeltaWriter as _,
};
use sohoa_schemas::record::Rows;

use crate::{
    Batch, Depth, Index, IndexError, Table,
    batch::columns,
    log::Change,
    table::SOURCE_UID,
    testing::{APPLICATION, FusedStore, dump, index, join, published, select, texts},
};

/// The columns of a table as its previous version had them: without any that may be empty and that
/// nothing else of the table needs.
fn older(table: Table) -> SchemaRef {
    let needed = [table.key(), table.rank(), table.statistics(), table.bloom_filters()].concat();
    let is_old = |field: &&FieldRef| {
        let name = field.name().as_str();
        !field.is_nullable()
            || needed.contains(&name)
            || table.order().contains(&name)
            || name == SOURCE_UID
    };
    let schema = table.schema().unwrap();
    Arc::new(Schema::new(schema.fields().iter().filter(is_old).cloned().collect::<Vec<_>>()))
}

/// The rows of a table in other columns, which must be among its own.
fn rows_in(table: Table, schema: &SchemaRef, rows: &Rows) -> RecordBatch {
    let whole = columns(table, &table.schema().unwrap(), rows).unwrap();
    let kept: Vec<_> =
        schema.fields().iter().map(|f| whole.schema().index_of(f.name()).unwrap()).collect();
    whole.project(&kept).unwrap()
}

/// Writes rows of a program whose tables have the columns `of` says.
async fn written(store: &Arc<FusedStore>, of: impl Fn(Table) -> SchemaRef, rows: &Rows) {
    let mut old = index(store);
    for table in Table::ALL {
        let log = old.log_mut(table);
        log.schema = of(table);
        let batch = rows_in(table, &log.schema, rows);
        let mut writer = log.writer().await.unwrap();
        writer.write(batch).await.unwrap();
        let actions = writer.flush().await.unwrap().into_iter().map(Action::Add).collect();
        let operation =
            DeltaOperation::Write { mode: SaveMode::Append, partition_by: None, predicate: None };
        let transactions = vec![(APPLICATION.to_owned(), 1)];
        log.commit(Change { actions, operation, transactions }).await.unwrap();
    }
}

async fn append(index: &mut Index, seq: i64, rows: Rows) -> Result<(), IndexError> {
    index.append(APPLICATION, &Batch { seq, keys: Vec::new(), rows }).await.map(|_| ())
}

#[tokio::test]
async fn data_of_the_previous_version_is_read_and_added_to_without_being_rewritten() {
    let store = FusedStore::sound();
    written(&store, older, &join([published(0, 1), published(2, 1)])).await;
    let mut index = index(&store);
    // Read before anything was added: what the older program did not know is null.
    let unknown = "SELECT count(*) AS n, count(valid_to) AS ends, count(sheet_count) AS sheets \
                   FROM documents WHERE valid_to IS NULL";
    assert_eq!(select(&index, unknown).await, [r#"{"n":2,"ends":0,"sheets":0}"#]);
    assert_eq!(index.position(APPLICATION).await.unwrap().complete, Some(1));
    let mut before = Vec::new();
    for table in Table::ALL {
        before.push(index.files(table).await.unwrap());
    }
    append(&mut index, 2, join([published(4, 1), published(6, 1)])).await.unwrap();
    for (table, before) in Table::ALL.into_iter().zip(&before) {
        let after = index.files(table).await.unwrap();
        assert!(before.iter().all(|file| after.contains(file)), "{}: nothing moved", table.name());
        assert_eq!(after.len(), 2, "{}", table.name());
        assert_eq!(dump(&index, table).await.len() % 4, 0, "{}", table.name());
    }
    let count = "SELECT count(*) AS rows, count(skew_deg) AS skews, count(width_px) AS widths \
                 FROM pages";
    assert_eq!(select(&index, count).await, [r#"{"rows":8,"skews":4,"widths":4}"#]);
    let subject = "SELECT subject IS NULL AS old, count(*) AS n FROM documents GROUP BY 1";
    assert_eq!(select(&index, subject).await, [r#"{"old":false,"n":2}"#, r#"{"old":true,"n":2}"#]);

    // Whatever writes files anew afterwards keeps both kinds of rows.
    append(&mut index, 3, published(2, 2)).await.unwrap();
    for table in Table::ALL {
        let rows = dump(&index, table).await;
        for unit in index.compaction(table, true).await.unwrap() {
            index.compact(&unit).await.unwrap();
        }
        assert_eq!(dump(&index, table).await, rows, "{}", table.name());
        assert_eq!(index.verify_files(table, Depth::Whole, &|| {}).await.unwrap(), []);
    }
    assert_eq!(index.verify_relations().await.unwrap(), []);
    assert_eq!(select(&index, subject).await, [r#"{"old":false,"n":3}"#, r#"{"old":true,"n":1}"#]);
}

/// Columns by table.
type Columns<'a> = &'a dyn Fn(Table) -> SchemaRef;

/// The present columns of a table but for one of `pages`.
fn changed(change: impl Fn(&Field) -> Field) -> impl Fn(Table) -> SchemaRef {
    move |table| {
        let schema = table.schema().unwrap();
        let field = |field: &FieldRef| -> FieldRef {
            let is_it = table == Table::Pages && field.name() == "skew_deg";
            if is_it { Arc::new(change(field)) } else { Arc::clone(field) }
        };
        Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>()))
    }
}

#[tokio::test]
async fn a_column_that_was_removed_renamed_or_retyped_is_refused_and_nothing_is_written() {
    let renamed = changed(|field| field.clone().with_name("tilt_deg"));
    let retyped = changed(|field| field.clone().with_data_type(DataType::Float64));
    let strict = changed(|field| field.clone().with_nullable(false));
    let cases: [(&str, &str, Columns<'_>); 3] = [
        ("tilt_deg", "does not know it", &renamed),
        ("skew_deg", "another type", &retyped),
        ("skew_deg", "empty at times", &strict),
    ];
    for (column, why, of) in cases {
        let store = FusedStore::sound();
        let mut other = index(&store);
        for table in Table::ALL {
            let log = other.log_mut(table);
            log.schema = of(table);
            log.ready().await.unwrap();
        }
        let mut index = index(&store);
        let error = append(&mut index, 1, published(0, 1)).await.unwrap_err().to_string();
        assert!(error.contains("table `pages`"), "{error}");
        assert!(error.contains(&format!("`{column}`")) && error.contains(why), "{error}");
        assert!(error.contains("sohoa index rebuild"), "{error}");
        let entries = texts(&store, ".json").await;
        assert_eq!(entries.len(), Table::ALL.len(), "only the creation of each table");
    }
}
