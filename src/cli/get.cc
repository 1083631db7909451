#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "base/try.h"
#include "cli/api_client.h"
#include "cli/resource_text.h"
#include "cli/verbs.h"
#include "model/json.h"
#include "model/name.h"

namespace slate::cli {
namespace {

enum class Format : std::uint8_t { kTable, kJson };

// Lists what is below `collection`, or shows the one of that name.
struct Wanted {
  std::string_view collection;  // "datasources", "lists"
  std::string name;             // empty: all
};

Result<Wanted> parse_wanted(const std::vector<std::string>& words) {
  static constexpr std::array<std::string_view, 4> kKinds{"datasources", "lists", "datasource", "list"};
  const auto usage = [] {
    return fail(Reason::kInvalidArgument,
                "say what to get: datasources, lists, datasource NAME or list NAME");
  };
  if (words.empty()) return usage();
  const std::string& kind = words.front();
  const bool is_many = kind == "datasources" || kind == "lists";
  if (!is_many && kind != "datasource" && kind != "list") {
    const std::string hint = near_miss_hint(kind, kKinds);
    return fail(Reason::kInvalidArgument,
                "there is no kind " + slate::quoted(kind) + "; " +
                    (hint.empty() ? "use datasources, lists, datasource NAME or list NAME" : hint));
  }
  if (words.size() != (is_many ? 1U : 2U)) return usage();
  return Wanted{.collection = kind.starts_with("datasource") ? "datasources" : "lists",
                .name = is_many ? "" : words.back()};
}

Result<std::string> shown(const boost::json::value& answer, const Wanted& wanted) {
  const bool is_list = wanted.collection == "lists";
  if (answer.is_object() && !wanted.name.empty())
    return is_list ? list_text(answer.get_object()) : datasource_text(answer.get_object());
  const auto* all = answer.is_object() ? answer.get_object().if_contains(wanted.collection) : nullptr;
  if (all == nullptr || !all->is_array())
    return fail(Reason::kInternal, "the server's answer holds no such thing");
  return is_list ? lists_table(all->get_array()) : datasources_table(all->get_array());
}

}  // namespace

Exit run_get(std::span<const std::string> arguments, Terminal& terminal) {
  ServerChoice server;
  Format format = Format::kTable;
  std::vector<std::string> words;
  CommandLine command_line("get", "Shows what a server has: datasources, lists, datasource NAME, list NAME");
  add_server_options(command_line, server);
  command_line.choice({.flags = "--format", .help = "How to print"}, format,
                      {{"table", Format::kTable}, {"json", Format::kJson}});
  command_line.arguments("KIND [NAME]", "datasources, lists, datasource NAME or list NAME", words,
                         {"datasources", "lists", "datasource", "list"});
  if (const auto over = command_line.parse(arguments, terminal)) return *over;
  const auto wanted = parse_wanted(words);
  if (!wanted) return command_line.usage_error(wanted.error().message(), terminal);

  ApiClient client(server);
  const auto answer = client.get_json(wanted->name.empty() ? api_path({wanted->collection})
                                                           : api_path({wanted->collection, wanted->name}));
  if (!answer) return failed("get", answer.error(), terminal);
  if (format == Format::kJson) {
    terminal.out << json_text(*answer) << "\n";
    return Exit::kOk;
  }
  const auto text = shown(*answer, *wanted);
  if (!text) return failed("get", text.error(), terminal);
  terminal.out << *text;
  return Exit::kOk;
}

}  // namespace slate::cli
