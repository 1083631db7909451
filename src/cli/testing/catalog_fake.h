// A database of datasources and lists without data, in memory, for tests of what manages them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <slate/database.h>

namespace slate::cli::testing {

class CatalogFake final : public Database {
 public:
  // Makes the next calls that name this resource fail.
  void break_down(std::string id, Error error) { broken_.insert_or_assign(std::move(id), std::move(error)); }
  void repair() { broken_.clear(); }
  // "save orders", "delete list open-orders", ... of the calls that were allowed.
  const std::vector<std::string>& calls() const { return calls_; }

  std::string instance_id() const override { return "fake"; }
  Result<Saved> save_datasource(const Datasource& datasource, Existing) override {
    if (auto error = refusal(datasource.id)) return fail(*error);
    for (const auto& [id, list] : lists_)
      if (list.datasource == datasource.id)
        if (const auto valid = validate(list, datasource); !valid)
          return fail(Reason::kInUse, "list " + id + " breaks");
    return save("save " + datasource.id, datasources_, datasource);
  }
  Result<DatasourceStatus> get_datasource(std::string_view id) override {
    const auto found = datasources_.find(std::string(id));
    if (found == datasources_.end()) return fail(Reason::kNotFound, "no such datasource");
    return DatasourceStatus{.datasource = found->second};
  }
  Result<std::vector<DatasourceStatus>> list_datasources() override {
    std::vector<DatasourceStatus> all;
    for (const auto& [id, datasource] : datasources_) all.push_back({.datasource = datasource});
    return all;
  }
  Result<void> delete_datasource(std::string_view id, Dependents dependents) override {
    if (auto error = refusal(id)) return fail(*error);
    for (const auto& [list_id, list] : lists_)
      if (list.datasource == id && dependents == Dependents::kRefuse) return fail(Reason::kInUse, list_id);
    std::erase_if(lists_, [&](const auto& entry) { return entry.second.datasource == id; });
    return remove("delete ", datasources_, id);
  }

  Result<SavedList> save_list(const ListView& list) override {
    if (auto error = refusal(list.id)) return fail(*error);
    const auto datasource = datasources_.find(list.datasource);
    if (datasource == datasources_.end())
      return fail(Error(Reason::kNotFound, "no datasource " + list.datasource).with_field("datasource"));
    auto warnings = validate(list, datasource->second);
    if (!warnings) return fail(warnings.error());
    return SavedList{.saved = save("save list " + list.id, lists_, list), .warnings = *warnings};
  }
  Result<ListView> get_list(std::string_view id) override {
    const auto found = lists_.find(std::string(id));
    if (found == lists_.end()) return fail(Reason::kNotFound, "no such list");
    return found->second;
  }
  Result<std::vector<ListView>> list_lists() override {
    std::vector<ListView> all;
    for (const auto& [id, list] : lists_) all.push_back(list);
    return all;
  }
  Result<void> delete_list(std::string_view id) override {
    if (auto error = refusal(id)) return fail(*error);
    return remove("delete list ", lists_, id);
  }

  Result<WriteCounts> write_batch(std::string_view, std::span<const RecordWrite>) override {
    return no_data();
  }
  Result<void> delete_all(std::string_view) override { return no_data(); }
  Result<std::unique_ptr<Snapshot>> snapshot(CopyRef) override { return no_data(); }
  Result<std::unique_ptr<GenerationBuilder>> begin_generation(CopyRef, LoadMode) override {
    return no_data();
  }

 private:
  static Failure no_data() { return fail(Reason::kUnimplemented, "there is no data here"); }

  std::optional<Error> refusal(std::string_view id) const {
    const auto found = broken_.find(std::string(id));
    return found == broken_.end() ? std::nullopt : std::optional(found->second);
  }

  template <typename T>
  Saved save(std::string call, std::map<std::string, T>& all, const T& resource) {
    calls_.push_back(std::move(call));
    const auto [found, is_new] = all.emplace(resource.id, resource);
    if (is_new) return Saved::kCreated;
    if (found->second == resource) return Saved::kUnchanged;
    found->second = resource;
    return Saved::kChanged;
  }
  template <typename T>
  Result<void> remove(std::string_view call, std::map<std::string, T>& all, std::string_view id) {
    if (all.erase(std::string(id)) == 0) return fail(Reason::kNotFound, "no such thing");
    calls_.push_back(std::string(call) + std::string(id));
    return {};
  }

  std::map<std::string, Datasource> datasources_;
  std::map<std::string, ListView> lists_;
  std::map<std::string, Error> broken_;
  std::vector<std::string> calls_;
};

}  // namespace slate::cli::testing
