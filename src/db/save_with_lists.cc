#include "db/save_with_lists.h"

#include <algorithm>
#include <vector>

#include "base/try.h"

namespace slate {

Result<Saved> save_with_lists(Database& database, const Datasource& datasource,
                              std::span<const ListView> declared) {
  auto saved = database.save_datasource(datasource);
  if (saved || saved.error().reason() != Reason::kInUse) return saved;
  SLATE_TRY(const auto lists, database.list_lists());
  std::vector<ListView> in_the_way;
  for (const ListView& list : lists) {
    if (list.datasource != datasource.id || validate(list, datasource)) continue;
    const auto next = std::ranges::find(declared, list.id, &ListView::id);
    if (next == declared.end()) return saved;
    if (next->datasource == datasource.id && !validate(*next, datasource)) return saved;
    in_the_way.push_back(list);
  }
  // Nobody can read these lists until they are saved again in a moment, which has just been checked to
  // succeed.
  for (const ListView& list : in_the_way) SLATE_TRY(database.delete_list(list.id));
  saved = database.save_datasource(datasource);
  if (!saved)
    for (const ListView& list : in_the_way) SLATE_TRY(database.save_list(list));
  return saved;
}

}  // namespace slate
