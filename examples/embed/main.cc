// Slate in a program of one's own: opens a database, declares a datasource, writes, and asks.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <slate/database.h>

namespace {

// Errors are values; a program that has no better idea ends with one.
template <typename T>
T must(slate::Result<T> result) {
  if (!result) {
    std::cerr << result.error().to_string() << "\n";
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

slate::RecordWrite city(const char* id, const char* name, const char* country, std::int64_t population) {
  return {.id = id, .cells = {{"name", name}, {"country", country}, {"population", population}}};
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: embed FOLDER\n";
    return 2;
  }
  const auto database = must(slate::Database::open({.path = arguments[1]}));
  must(database->save_datasource(
      {.id = "cities",
       .fields = {{.name = "name", .type = slate::Type::kString},
                  {.name = "country", .type = slate::Type::kString, .indexed = true},
                  {.name = "population", .type = slate::Type::kInt, .indexed = true}}}));
  const std::vector<slate::RecordWrite> writes{
      city("1", "Paris", "FR", 2'138'551), city("2", "Lyon", "FR", 522'969), city("3", "Bern", "CH", 134'591),
      city("4", "Marseille", "FR", 870'731)};
  const slate::WriteCounts counts = must(database->write_batch("cities", writes));
  std::cout << "wrote " << counts.inserted << " records\n";

  // One snapshot is one moment: what is written meanwhile is not in it.
  const auto snapshot = must(database->snapshot("cities"));
  const auto rows =
      must(snapshot->query({.filter = slate::Filter::condition("country", slate::Op::kEq, "FR"),
                            .sort = {{.field = "population", .direction = slate::Direction::kDescending}},
                            .take = 2,
                            .columns = std::vector<std::string>{"name", "population"}},
                           {}));
  while (const slate::Batch* batch = must(rows->next()))
    for (const auto row : batch->rows)
      std::cout << batch->id.text(row) << " " << batch->columns[0].text(row) << " "
                << batch->columns[1].integer(row) << "\n";

  const auto refused =
      database->write_batch("cities", std::vector{slate::RecordWrite{.id = "5", .cells = {{"nam", "x"}}}});
  std::cout << "refused: " << refused.error().field().value_or("") << "\n";
}
