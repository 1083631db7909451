#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fmt/format.h>
#include <sstream>
#include <variant>

#include "base/try.h"
#include "cli/api_client.h"
#include "cli/manifest_files.h"
#include "cli/record_table.h"
#include "cli/text_table.h"
#include "cli/verbs.h"
#include "model/json.h"
#include "model/manifest.h"

namespace slate::cli {
namespace {

constexpr std::size_t kLongestLine = 4'000;

// What is to be applied, and what went wrong before that.
struct Documents {
  std::vector<Datasource> datasources;
  std::vector<ListView> lists;
  std::size_t failures = 0;
};

void report(std::string_view line, Terminal& terminal) {
  terminal.err << printable(line, kLongestLine) << "\n";
}

void parse(std::string_view text, std::string_view file, Documents& documents, Terminal& terminal) {
  ManifestFile parsed = parse_manifests(text, file);
  for (const ManifestError& error : parsed.errors) report(error.to_string(), terminal);
  documents.failures += parsed.errors.size();
  for (Manifest& document : parsed.documents) {
    if (auto* datasource = std::get_if<Datasource>(&document.resource))
      documents.datasources.push_back(std::move(*datasource));
    else
      documents.lists.push_back(std::move(std::get<ListView>(document.resource)));
  }
}

// A file, every manifest of a folder, or "-": standard input.
Result<void> read(const std::string& source, Documents& documents, Terminal& terminal) {
  if (source == "-") {
    std::ostringstream text;
    text << terminal.in.rdbuf();
    parse(text.str(), "standard input", documents, terminal);
    return {};
  }
  std::error_code ignored;
  if (!std::filesystem::is_directory(source, ignored)) {
    SLATE_TRY(const std::string text, read_manifest_file(source));
    parse(text, source, documents, terminal);
    return {};
  }
  SLATE_TRY(const auto files, read_manifest_folder(source));
  for (const ManifestText& file : files) {
    if (file.text) {
      parse(*file.text, file.file, documents, terminal);
    } else {
      report(file.text.error().to_string(), terminal);
      ++documents.failures;
    }
  }
  return {};
}

// "created", "changed" or "unchanged".
std::string saved_word(const http::ClientResponse& response, const boost::json::value& answer) {
  if (response.status == 201) return "created";
  const auto* saved = answer.is_object() ? answer.get_object().if_contains("saved") : nullptr;
  return saved != nullptr && saved->is_string() ? cell_text(*saved) : "saved";
}

void put(ApiClient& client, std::string_view kind, std::string_view collection, const std::string& name,
         const boost::json::value& body, Documents& documents, Terminal& terminal) {
  const auto response = client.call(http::Method::kPut, api_path({collection, name}),
                                    {{"Content-Type", "application/json"}, {"Accept", "application/json"}},
                                    boost::json::serialize(body));
  if (!response) {
    report(fmt::format("{}/{}: {}", kind, name, response.error().to_string()), terminal);
    ++documents.failures;
    return;
  }
  const auto answer = parse_json(response->body);
  terminal.out << fmt::format("{}/{} {}\n", kind, name,
                              answer ? saved_word(*response, *answer) : std::string("saved"));
  const auto* warnings =
      answer && answer->is_object() ? answer->get_object().if_contains("warnings") : nullptr;
  if (warnings == nullptr || !warnings->is_array()) return;
  for (const auto& warning : warnings->get_array())
    if (warning.is_string())
      report(fmt::format("{}/{}: warning: {}", kind, name, std::string_view(warning.get_string())), terminal);
}

}  // namespace

Exit run_apply(std::span<const std::string> arguments, Terminal& terminal) {
  ServerChoice server;
  std::vector<std::string> sources;
  CommandLine command_line("apply",
                           "Saves the datasources, then the lists, of manifests on a server. A bad document "
                           "stops no other; nothing is "
                           "removed");
  add_server_options(command_line, server);
  command_line.list(
      {.flags = "-f,--file",
       .value = "FILE|DIR|-",
       .help = "A file of YAML documents, a folder of such files, or - for standard input; several\n"
               "with commas, or by giving the flag again",
       .default_text = "none"},
      sources);
  if (const auto over = command_line.parse(arguments, terminal)) return *over;
  if (sources.empty()) return command_line.usage_error("name what to apply with -f", terminal);

  Documents documents;
  for (const std::string& source : sources) {
    if (const auto done = read(source, documents, terminal); !done) {
      report(fmt::format("slate apply: {}", done.error().to_string()), terminal);
      ++documents.failures;
    }
  }
  ApiClient client(server);
  for (const Datasource& datasource : documents.datasources)
    put(client, "datasource", "datasources", datasource.id, to_json(datasource), documents, terminal);
  for (const ListView& list : documents.lists)
    put(client, "list", "lists", list.id, to_json(list), documents, terminal);
  if (documents.failures == 0 && documents.datasources.empty() && documents.lists.empty())
    return failed("apply", Error(Reason::kInvalidArgument, "there are no documents to apply"), terminal);
  return documents.failures == 0 ? Exit::kOk : Exit::kFailed;
}

}  // namespace slate::cli
