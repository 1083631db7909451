#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/try.h"
#include "cli/api_client.h"
#include "cli/explain_query.h"
#include "cli/list_rows.h"
#include "cli/text_table.h"
#include "cli/verbs.h"
#include "model/json.h"

namespace slate::cli {
namespace {

constexpr std::size_t kLongestLine = 1'000;

enum class Format : std::uint8_t { kText, kJson };

struct Options {
  ServerChoice server;
  std::string datasource;
  Switch analyze = Switch::kOff;
  Format format = Format::kText;
  std::vector<std::string> words;
};

// The server's own text, each line safe to show.
std::string shown(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out += printable(text.substr(0, end), kLongestLine) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

Result<void> explain(const RowsOf& rows, const Options& options, Terminal& terminal) {
  ApiClient client(options.server);
  std::string datasource = rows.datasource;
  boost::json::value config;
  if (!rows.list.empty()) {
    SLATE_TRY(config, client.get_json(api_path({"lists", rows.list})));
    const auto* name = config.is_object() ? config.get_object().if_contains("datasource") : nullptr;
    if (name == nullptr || !name->is_string())
      return fail(Reason::kInternal, "the server's answer is no list");
    datasource = name->get_string();
  }
  SLATE_TRY(const auto declared, client.get_json(api_path({"datasources", datasource})));
  SLATE_TRY(const auto query,
            explain_query(rows.conditions, declared, rows.list.empty() ? nullptr : &config));

  UrlPairs parameters;
  if (options.analyze == Switch::kOn) parameters.emplace_back("analyze", "true");
  SLATE_TRY(const auto response,
            client.call(http::Method::kPost, api_path({"datasources", datasource, "explain"}, parameters),
                        {{"Content-Type", "application/json"}, {"Accept", "application/json"}},
                        boost::json::serialize(query)));
  if (options.format == Format::kJson) {
    terminal.out << response.body << "\n";
    return {};
  }
  SLATE_TRY(const auto answer, parse_json(response.body));
  const auto* text = answer.is_object() ? answer.get_object().if_contains("text") : nullptr;
  if (text == nullptr || !text->is_string())
    return fail(Reason::kInternal, "the server's answer holds no plan");
  terminal.out << shown(std::string_view(text->get_string()));
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

  const auto rows = parse_rows_of(options.words, options.datasource);
  if (!rows) return command_line.usage_error(rows.error().to_string(), terminal);

  if (const auto done = explain(*rows, options, terminal); !done)
    return failed("explain", done.error(), terminal);
  return Exit::kOk;
}

}  // namespace slate::cli
