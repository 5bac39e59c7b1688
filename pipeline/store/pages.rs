//! What lies in a folder, as many keys at a time as the store gives at once: a folder of millions
//! need not be held whole.

use std::{fmt, sync::Arc};

use futures::{
    StreamExt as _,
    stream::{self, BoxStream},
};
use object_store::{
    ListResult, ObjectMeta, Result,
    list::{PaginatedListOptions, PaginatedListStore},
    path::{DELIMITER, Path},
};
use sohoa_metrics::Operation;

use crate::{Store, metered::timed};

/// A store that lists page by page, and the prefix under which ours lies in it.
#[derive(Clone)]
pub(crate) struct Pages {
    pub(crate) objects: Arc<dyn PaginatedListStore>,
    pub(crate) prefix: Path,
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// Where a listing goes on.
enum Next {
    First,
    Behind(String),
    End,
}

impl Store {
    /// What lies directly in `folder`, in the store's own order. A folder in it may come more than
    /// once.
    pub fn pages(&self, folder: &Path) -> BoxStream<'static, Result<ListResult>> {
        let folder = folder.clone();
        let Some(pages) = self.pages.clone() else {
            let objects = Arc::clone(&self.objects);
            let prefix = (!folder.is_root()).then_some(folder);
            let whole = async move { objects.list_with_delimiter(prefix.as_ref()).await };
            return stream::once(whole).boxed();
        };
        let folder: Path = pages.prefix.parts().chain(folder.parts()).collect();
        let start = (pages, folder, Next::First);
        stream::try_unfold(start, |(pages, folder, next)| async move {
            let token = match next {
                Next::First => None,
                Next::Behind(token) => Some(token),
                Next::End => return Ok(None),
            };
            let (page, token) = pages.page(&folder, token).await?;
            let next = token.map_or(Next::End, Next::Behind);
            Ok(Some((page, (pages, folder, next))))
        })
        .boxed()
    }
}

impl Pages {
    async fn page(
        &self,
        folder: &Path,
        page_token: Option<String>,
    ) -> Result<(ListResult, Option<String>)> {
        let prefix = (!folder.is_root()).then(|| format!("{folder}{DELIMITER}"));
        let delimiter = Some(DELIMITER.into());
        let options = PaginatedListOptions { delimiter, page_token, ..Default::default() };
        let asked = self.objects.list_paginated(prefix.as_deref(), options);
        let answer = timed(Operation::List, asked).await?;
        let ListResult { common_prefixes, objects } = answer.result;
        let within = |path: Path| match path.prefix_match(&self.prefix) {
            Some(parts) => parts.collect(),
            None => path.clone(),
        };
        let object = |meta: ObjectMeta| ObjectMeta { location: within(meta.location), ..meta };
        let page = ListResult {
            common_prefixes: common_prefixes.into_iter().map(within).collect(),
            objects: objects.into_iter().map(object).collect(),
        };
        Ok((page, answer.page_token))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use futures::TryStreamExt as _;
    use object_store::{
        ObjectStore as _, ObjectStoreExt as _, list::PaginatedListResult, memory::InMemory,
    };

    use super::*;

    /// Gives one key a page, and notes the prefixes it was asked for.
    #[derive(Default)]
    struct OneByOne {
        objects: InMemory,
        asked: Mutex<Vec<Option<String>>>,
    }

    #[async_trait]
    impl PaginatedListStore for OneByOne {
        async fn list_paginated(
            &self,
            prefix: Option<&str>,
            options: PaginatedListOptions,
        ) -> Result<PaginatedListResult> {
            assert_eq!(options.delimiter.as_deref(), Some("/"));
            self.asked.lock().unwrap().push(prefix.map(str::to_owned));
            let folder = prefix.map(|prefix| Path::from(prefix.trim_end_matches('/')));
            let mut whole = self.objects.list_with_delimiter(folder.as_ref()).await?;
            let number: usize = options.page_token.map_or(0, |token| token.parse().unwrap());
            let last = whole.objects.len() - 1;
            let common_prefixes = std::mem::take(&mut whole.common_prefixes);
            let objects = vec![whole.objects.remove(number)];
            let page_token = (number < last).then(|| (number + 1).to_string());
            let result = ListResult { common_prefixes, objects };
            Ok(PaginatedListResult { result, page_token })
        }
    }

    #[tokio::test]
    async fn a_folder_comes_page_by_page_with_addresses_below_the_prefix() {
        let bucket = Arc::new(OneByOne::default());
        for key in ["p/x/1", "p/x/2", "p/x/3", "p/x/d/4", "p/y/5", "q/6"] {
            bucket.objects.put(&Path::from(key), "".into()).await.unwrap();
        }
        let pages = Pages { objects: Arc::clone(&bucket) as _, prefix: Path::from("p") };
        let whole = Store::from_parts(Arc::new(InMemory::new()), "memory:///".parse().unwrap());
        let store = Store { pages: Some(pages), ..whole };
        let listed: Vec<ListResult> = store.pages(&Path::from("x")).try_collect().await.unwrap();
        let keys = listed.iter().flat_map(|page| &page.objects).map(|meta| meta.location.as_ref());
        assert_eq!(keys.collect::<Vec<_>>(), ["x/1", "x/2", "x/3"]);
        assert!(listed.iter().all(|page| page.common_prefixes == [Path::from("x/d")]));
        assert_eq!(*bucket.asked.lock().unwrap(), vec![Some("p/x/".to_owned()); 3]);
    }
}
