// A Slate database over TCP: one connection with several calls under way, and a pool with a Database on top.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <slate/client.h>
#include <slate/pool.h>

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

slate::RecordWrite city(const char* id, const char* name, std::int64_t population) {
  return {.id = id, .cells = {{"name", name}, {"population", population}}};
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: client HOST:PORT\n";
    return 2;
  }
  const std::string address = arguments[1];
  const auto client = must(slate::Client::connect({.address = address, .name = "slate example"}));
  must(client
           ->save_datasource({.id = "cities",
                              .fields = {{.name = "name", .type = slate::Type::kString},
                                         {.name = "population", .type = slate::Type::kInt, .indexed = true}}})
           .get());
  const std::vector<slate::RecordWrite> writes{city("1", "Paris", 2'138'551), city("2", "Lyon", 522'969),
                                               city("3", "Bern", 134'591)};
  std::cout << "wrote " << must(client->write_batch("cities", writes).get()).inserted << " records\n";

  // Both are on their way before the first is waited for.
  auto bern = client->get("cities", "3");
  auto large =
      client->count("cities", slate::Filter::condition("population", slate::Op::kGt, std::int64_t{500'000}));
  std::cout << *must(bern.get())->find("name")->get_if<std::string>() << "\n";
  std::cout << must(large.get()).value << " large cities\n";

  // For many threads: a pool, and the same interface as a database in this process has.
  const auto pool = must(slate::ClientPool::create({.client = {.address = address}}));
  const auto database = slate::make_remote_database(*pool);
  const auto snapshot = must(database->snapshot("cities"));
  const auto rows = must(snapshot->query(
      {.sort = {{.field = "population", .direction = slate::Direction::kDescending}}, .take = 2}, {}));
  while (const slate::Batch* batch = must(rows->next()))
    for (const auto row : batch->rows)
      std::cout << batch->id.text(row) << " " << batch->columns[0].text(row) << "\n";
}
