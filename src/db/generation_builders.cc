#include "db/generation_builders.h"

#include "base/try.h"
#include "db/database_impl.h"

namespace slate {
namespace {

Failure out_of_order() {
  return fail(Reason::kFailedPrecondition, "the generation was finished already, or not yet");
}

class ReplacingBuilder final : public GenerationBuilder {
 public:
  ReplacingBuilder(StoredDatabase& database, Destination destination, std::shared_ptr<const Schema> schema,
                   std::shared_ptr<Generation> generation, const DatabaseOptions& options)
      : database_(database),
        destination_(std::move(destination)),
        schema_(std::move(schema)),
        generation_(std::move(generation)),
        builder_(std::in_place, generation_, schema_, generation_->path().string() + ".run",
                 options.load_memory_bytes, options.segment_rows, options.clock->now()) {}
  ~ReplacingBuilder() override {
    builder_.reset();
    if (generation_ != nullptr) generation_->retire();
  }

  Result<void> append(std::string_view id, std::span<const CellRef> cells) override {
    if (!builder_) return out_of_order();
    return builder_->append(id, cells);
  }
  Result<BuildCounts> finish() override {
    if (!builder_) return out_of_order();
    auto counts = builder_->finish();
    builder_.reset();
    finished_ = counts.has_value();
    return counts;
  }
  Result<std::uint64_t> publish(UnixMillis loaded_at) override {
    if (!finished_) return out_of_order();
    finished_ = false;
    const std::lock_guard change(destination_.datasource->change_mutex());
    const auto replaced = destination_.datasource->find(destination_.scope);
    std::unique_lock<std::mutex> writes;
    if (replaced != nullptr) writes = std::unique_lock(replaced->write_mutex());
    SLATE_TRY(const std::uint64_t number, database_.publish(destination_, schema_, generation_, loaded_at));
    generation_.reset();
    return number;
  }

 private:
  StoredDatabase& database_;
  const Destination destination_;
  std::shared_ptr<const Schema> schema_;
  std::shared_ptr<Generation> generation_;
  std::optional<BulkBuilder> builder_;
  bool finished_ = false;
};

class MergingBuilder final : public GenerationBuilder {
 public:
  MergingBuilder(StoredDatabase& database, Destination destination, std::shared_ptr<CopyState> copy)
      : database_(database), destination_(std::move(destination)), state_(std::move(copy)) {}
  ~MergingBuilder() override {
    const std::lock_guard lock(state_->write_mutex());
    stop_journal();
    if (generation_ != nullptr) generation_->retire();
  }

  Result<void> open(std::uint64_t number, const std::filesystem::path& path,
                    const Generation::Options& options, UnixMillis now) {
    const std::lock_guard lock(state_->write_mutex());
    if (state_->has_journal())
      return fail(Reason::kFailedPrecondition, "another load of this datasource is being merged");
    const auto current = state_->current();
    if (current.damage) return fail(*current.damage);
    schema_ = current.schema;
    base_ = current.live->number();
    state_->set_journal(&journal_);
    journals_ = true;
    // From here on the journal has what the copy lacks.
    remove_generation_files(path);
    const auto copy = [&]() -> Result<void> {
      SLATE_TRY(current.live->environment().copy_to(path));
      SLATE_TRY(generation_, Generation::open(path, number, *schema_, options));
      return {};
    };
    if (auto copied = copy(); !copied) {
      remove_generation_files(path);
      return copied;
    }
    builder_.emplace(generation_, schema_, now);
    return {};
  }

  Result<void> append(std::string_view id, std::span<const CellRef> cells) override {
    if (finished_) return out_of_order();
    return builder_->append(id, cells);
  }
  Result<BuildCounts> finish() override {
    if (finished_) return out_of_order();
    finished_ = true;
    return builder_->finish();
  }
  Result<std::uint64_t> publish(UnixMillis loaded_at) override {
    if (!finished_ || generation_ == nullptr) return out_of_order();
    const std::lock_guard change(destination_.datasource->change_mutex());
    const std::lock_guard lock(state_->write_mutex());
    SLATE_TRY(database_.check_publishable(destination_, *schema_));
    // What was dropped or replaced as a whole must not come back.
    const auto current = state_->current();
    if (destination_.datasource->find(destination_.scope) != state_ || current.live == nullptr ||
        current.live->number() != base_)
      return fail(Reason::kFailedPrecondition, "the data that was being merged into was replaced meanwhile");
    SLATE_TRY(builder_->catch_up(journal_.writes()));
    stop_journal();
    SLATE_TRY(const std::uint64_t number, database_.publish(destination_, schema_, generation_, loaded_at));
    builder_.reset();
    generation_.reset();
    return number;
  }

 private:
  void stop_journal() {
    if (journals_) state_->set_journal(nullptr);
    journals_ = false;
  }

  StoredDatabase& database_;
  const Destination destination_;
  std::shared_ptr<CopyState> state_;  // of the destination
  std::shared_ptr<const Schema> schema_;
  std::shared_ptr<Generation> generation_;
  std::optional<MergeBuilder> builder_;
  std::uint64_t base_ = 0;  // number of the generation that was copied
  PreparedBatch journal_{PreparedBatch::Texts::kCopied};
  bool journals_ = false;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<GenerationBuilder> make_replacing_builder(StoredDatabase& database, Destination destination,
                                                          std::shared_ptr<const Schema> schema,
                                                          std::shared_ptr<Generation> generation,
                                                          const DatabaseOptions& options) {
  return std::make_unique<ReplacingBuilder>(database, std::move(destination), std::move(schema),
                                            std::move(generation), options);
}

Result<std::unique_ptr<GenerationBuilder>> make_merging_builder(
    StoredDatabase& database, Destination destination, std::shared_ptr<CopyState> copy, std::uint64_t number,
    const std::filesystem::path& path, const Generation::Options& generation_options,
    const DatabaseOptions& options) {
  auto builder = std::make_unique<MergingBuilder>(database, std::move(destination), std::move(copy));
  SLATE_TRY(builder->open(number, path, generation_options, options.clock->now()));
  return builder;
}

}  // namespace slate
