// Datasources and lists as the messages of wire.proto. A message is taken as it is: what a manifest may leave out has
// to be sent. The defaults are those of docs/formats/manifests.md.
import { toFilter, toSortKey } from './questions.js'

const LOADER_DEFAULTS = { staleIfError: 86_400, deadline: 1800, idleTimeout: 60 }

/** @param {Object} datasource a Datasource; a field of a compound index may be a name, "-name" for descending */
export function toDatasource (datasource) {
  return {
    ...datasource,
    indexes: datasource.indexes?.map(({ fields }) => ({ fields: fields.map(toSortKey) })),
    loader: datasource.loader && { ...LOADER_DEFAULTS, ...datasource.loader }
  }
}

/** @param {Object} list a ListView with filter and sort as in a query, and columns that may be names alone */
export function toList ({ pageSize, maxPageSize, ...list }) {
  return {
    ...list,
    columns: list.columns?.map((column) => (typeof column === 'string' ? { field: column } : column)),
    filter: toFilter(list.filter),
    sort: list.sort?.map(toSortKey),
    pageSize: pageSize ?? Math.min(200, maxPageSize ?? 200),
    maxPageSize: maxPageSize ?? Math.max(1000, pageSize ?? 1000)
  }
}
