#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/try.h"
#include "cli/api_client.h"
#include "cli/plan_text.h"
#include "cli/record_table.h"
#include "cli/verbs.h"
#include "model/json.h"

namespace slate::cli {
namespace {

enum class Format : std::uint8_t { kText, kJson };

struct Options {
  ServerChoice server;
  std::string datasource;
  Switch analyze = Switch::kOff;
  Format format = Format::kText;
  std::vector<std::string> words;
};

bool has(const UrlPairs& pairs, std::string_view name) {
  return std::ranges::find(pairs, name, &UrlPairs::value_type::first) != pairs.end();
}

// What a request to the list's data asks of its datasource: the list's own filter beside the caller's, and
// its columns, sort and page size where the caller says nothing.
Result<std::string> resolve_list(ApiClient& client, const std::string& list, UrlPairs& parameters) {
  SLATE_TRY(const auto answer, client.get_json(api_path({"lists", list})));
  const Error strange(Reason::kInternal, "the server's answer is no list");
  if (!answer.is_object()) return fail(strange);
  const boost::json::object& config = answer.get_object();
  const auto* datasource = config.if_contains("datasource");
  if (datasource == nullptr || !datasource->is_string()) return fail(strange);

  const auto* filter = config.if_contains("filter");
  if (filter != nullptr && filter->is_object())
    parameters.emplace_back("filter", boost::json::serialize(*filter));
  const auto* sort = config.if_contains("sort");
  if (!has(parameters, "sort") && sort != nullptr && sort->is_array() && !sort->get_array().empty()) {
    SLATE_TRY(const auto keys, sort_from_json(*sort));
    std::string text;
    for (const SortKey& key : keys)
      text +=
          fmt::format("{}{}{}{}", text.empty() ? "" : ",", key.direction == Direction::kDescending ? "-" : "",
                      key.field, key.nulls == Nulls::kFirst ? ":nulls_first" : "");
    parameters.emplace_back("sort", text);
  }
  const auto* page_size = config.if_contains("page_size");
  if (!has(parameters, "take") && page_size != nullptr && page_size->is_number())
    parameters.emplace_back("take", cell_text(*page_size));
  if (const auto* columns = config.if_contains("columns");
      !has(parameters, "columns") && columns != nullptr && columns->is_array()) {
    std::string text;
    for (const auto& column : columns->get_array()) {
      if (!column.is_object()) continue;
      const auto* hidden = column.get_object().if_contains("hidden");
      const auto* field = column.get_object().if_contains("field");
      if ((hidden != nullptr && *hidden == true) || field == nullptr || !field->is_string()) continue;
      text += (text.empty() ? "" : ",") + std::string(field->get_string());
    }
    if (!text.empty()) parameters.emplace_back("columns", text);
  }
  return std::string(datasource->get_string());
}

Result<void> explain(const std::string& list, UrlPairs parameters, const Options& options,
                     Terminal& terminal) {
  ApiClient client(options.server);
  std::string datasource = options.datasource;
  if (!list.empty()) {
    SLATE_TRY(datasource, resolve_list(client, list, parameters));
  }
  if (options.analyze == Switch::kOn) parameters.emplace_back("analyze", "true");
  SLATE_TRY(const auto response,
            client.call(http::Method::kPost, api_path({"datasources", datasource, "explain"}, parameters),
                        {{"Accept", "application/json"}}));
  if (options.format == Format::kJson) {
    terminal.out << response.body << "\n";
    return {};
  }
  SLATE_TRY(const auto answer, parse_json(response.body));
  SLATE_TRY(const std::string text, plan_text(answer));
  terminal.out << text;
  return {};
}

}  // namespace

Exit run_explain(std::span<const std::string> arguments, Terminal& terminal) {
  Options options;
  CommandLine command_line("explain", "Shows the plan by which a server would answer what slate query asks");
  add_server_options(command_line, options.server);
  command_line.option({.flags = "--datasource",
                       .value = "NAME",
                       .help = "Ask this datasource itself: every argument is then a condition",
                       .default_text = "none"},
                      options.datasource);
  command_line.option(
      {.flags = "--analyze", .value = "", .help = "Run the query, too, and show what it touched"},
      options.analyze);
  command_line.choice({.flags = "--format", .help = "How to print"}, options.format,
                      {{"text", Format::kText}, {"json", Format::kJson}});
  command_line.arguments("LIST [CONDITION...]", "The list, then URL parameters as of slate query",
                         options.words);
  if (const auto over = command_line.parse(arguments, terminal)) return *over;

  std::vector<std::string> words = options.words;
  std::string list;
  if (options.datasource.empty()) {
    if (words.empty() || words.front().find('=') != std::string::npos)
      return command_line.usage_error("name a list first, or a datasource with --datasource", terminal);
    list = words.front();
    words.erase(words.begin());
  }
  const auto conditions = parse_conditions(words);
  if (!conditions) return command_line.usage_error(conditions.error().to_string(), terminal);
  if (const auto done = explain(list, *conditions, options, terminal); !done)
    return failed("explain", done.error(), terminal);
  return Exit::kOk;
}

}  // namespace slate::cli
