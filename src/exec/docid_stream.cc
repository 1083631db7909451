#include "exec/docid_stream.h"

#include <algorithm>

#include "base/check.h"
#include "base/try.h"

namespace slate {
namespace {

// The bytes that components [first, last) of an index take at the front of `key`, or nothing when it was cut
// before their end.
std::optional<std::size_t> components_bytes(std::string_view key, const Index& index, const Schema& schema,
                                            std::size_t first, std::size_t last) {
  std::size_t bytes = 0;
  for (std::size_t i = first; i < last; ++i) {
    const IndexComponent& component = index.components[i];
    const auto more =
        component_bytes(key.substr(bytes), schema.columns[component.column].type, component.direction);
    if (!more) return std::nullopt;
    bytes += *more;
  }
  return bytes;
}

// The place's key: a prefix's values, then those of the sort keys.
std::string place_key(const Position& place, const WalkOrder& order, const IndexRange& range,
                      const Index& index, std::uint32_t components) {
  KeyBuilder key;
  for (std::uint32_t i = 0; i < components; ++i) {
    const IndexComponent& component = index.components[i];
    const auto sorted = std::ranges::find(order.sorted, component.column, &BoundSortKey::column);
    if (sorted != order.sorted.end()) {
      add_scalar(key, place.values[static_cast<std::size_t>(sorted - order.sorted.begin())],
                 component.direction);
    } else {
      check(i < range.prefix.size(), "a component of the order is neither sorted by nor fixed");
      add_scalar(key, range.prefix[i], component.direction);
    }
  }
  return std::string(key.bytes());
}

// One walk.
class IndexDocids final : public DocidStream {
 public:
  IndexDocids(IndexWalker walker, const Index& index, const Schema& schema, std::uint32_t group_components)
      : walker_(std::move(walker)), index_(index), schema_(schema), group_components_(group_components) {}

  Result<std::optional<DocidRun>> next() override {
    for (;;) {
      if (in_key_) {
        SLATE_TRY(const auto docids, walker_.next_postings());
        if (!docids.empty())
          return DocidRun{.docids = docids,
                          .starts_group = std::exchange(starts_group_, false),
                          .settle = settle_,
                          .settles_order = settles_order_};
      }
      SLATE_TRY(const auto key, walker_.next_key());
      in_key_ = key.has_value();
      if (!key) return std::nullopt;
      settle_ = key->size() >= kSettleKeyBytes;
      note_group(*key);
    }
  }

 private:
  void note_group(std::string_view key) {
    if (group_components_ == index_.components.size() && !settle_) {
      starts_group_ = true;
      settles_order_ = false;
      return;
    }
    const auto bytes = components_bytes(key, index_, schema_, 0, group_components_);
    const std::string_view group = bytes ? key.substr(0, *bytes) : key;
    starts_group_ = starts_group_ || settles_order_ || !bytes || group_ != group;
    settles_order_ = !bytes;
    group_.assign(group);
  }

  IndexWalker walker_;
  const Index& index_;
  const Schema& schema_;
  std::uint32_t group_components_;
  bool in_key_ = false;
  bool starts_group_ = true;
  bool settle_ = false;
  bool settles_order_ = false;
  std::string group_;
};

// Walks of the same order under different prefixes, merged by what follows the prefix. Keys are short enough
// that none of the components that order them was cut differently under different prefixes: what is compared
// is as many bytes as every walk has.
class MergedDocids final : public DocidStream {
 public:
  struct Input {
    IndexWalker walker;
    std::size_t prefix_bytes = 0;
    std::string rest{};    // of the current key, behind the prefix
    std::size_t rank = 0;  // of its range among those of the input
    bool settle = false;
  };

  MergedDocids(std::vector<std::unique_ptr<Input>> inputs, const Index& index, const Schema& schema,
               const IndexWalk& walk, std::uint32_t group_components)
      : inputs_(std::move(inputs)),
        index_(index),
        schema_(schema),
        skipped_components_(walk.merged_components),
        group_components_(group_components),
        forwards_(walk.direction == WalkDirection::kForwards) {
    for (const auto& input : inputs_)
      compared_bytes_ = std::min(compared_bytes_, kSettleKeyBytes - input->prefix_bytes);
  }

  Result<std::optional<DocidRun>> next() override {
    if (!started_) {
      started_ = true;
      for (const auto& input : inputs_) SLATE_TRY(advance(input.get()));
    }
    for (;;) {
      if (current_ != nullptr) {
        SLATE_TRY(const auto docids, current_->walker.next_postings());
        if (!docids.empty())
          return DocidRun{.docids = docids,
                          .starts_group = std::exchange(starts_group_, false),
                          .settle = current_->settle,
                          .settles_order = settles_order_};
        SLATE_TRY(advance(std::exchange(current_, nullptr)));
      }
      if (heap_.empty()) return std::nullopt;
      std::ranges::pop_heap(heap_, [&](const Input* a, const Input* b) { return comes_before(*b, *a); });
      current_ = heap_.back();
      heap_.pop_back();
      note_group();
    }
  }

 private:
  bool comes_before(const Input& a, const Input& b) const {
    if (a.rank != b.rank) return a.rank < b.rank;
    const int order = compared(a).compare(compared(b));
    return forwards_ ? order < 0 : order > 0;
  }
  std::string_view compared(const Input& input) const {
    return std::string_view(input.rest).substr(0, compared_bytes_);
  }

  Result<void> advance(Input* input) {
    SLATE_TRY(const auto key, input->walker.next_key());
    if (!key) return {};
    input->rest.assign(key->substr(input->prefix_bytes));
    input->settle = key->size() >= kSettleKeyBytes;
    input->rank = input->walker.range();
    heap_.push_back(input);
    std::ranges::push_heap(heap_, [&](const Input* a, const Input* b) { return comes_before(*b, *a); });
    return {};
  }

  // What was cut, or might have been under another prefix, is a group by itself: in bytes that all have.
  void note_group() {
    std::string_view group = current_->rest;
    const auto bytes = components_bytes(group, index_, schema_, skipped_components_, group_components_);
    const bool settles = !bytes || *bytes > compared_bytes_;
    group = group.substr(0, settles ? compared_bytes_ : *bytes);
    starts_group_ = starts_group_ || settles != settles_order_ || group_ != group;
    settles_order_ = settles;
    group_.assign(group);
  }

  std::vector<std::unique_ptr<Input>> inputs_;
  const Index& index_;
  const Schema& schema_;
  std::uint32_t skipped_components_;
  std::uint32_t group_components_;
  bool forwards_;
  std::size_t compared_bytes_ = kMaxKeyBytes;
  std::vector<Input*> heap_;  // the next one in front
  Input* current_ = nullptr;
  bool started_ = false;
  bool starts_group_ = true;
  bool settles_order_ = false;
  std::string group_;
};

// A place may stand in the middle of a group of several keys, or of docids that are yet to be sorted: then
// the walk starts with that group. Under a key that may have been cut rows have other orders than their keys
// say, but for that of arrival.
bool start_at_place(IndexWalker& walker, const WalkOrder& order, const IndexRange& range,
                    const Index& index) {
  const std::string key = place_key(*order.after, order, range, index, order.group_components);
  const bool by_arrival = order.sorted.empty() && order.skips_docids;
  if (key.size() >= kSettleKeyBytes && !by_arrival) return false;
  return walker.start_at(key, order.skips_docids ? std::optional(order.after->docid) : std::nullopt);
}

}  // namespace

Result<std::unique_ptr<DocidStream>> open_walk(const GenerationView& view, const IndexWalk& walk,
                                               const WalkOrder& order, bool* starts_at_place) {
  const Schema& schema = *view.schema;
  const Index& index = schema.indexes[walk.index];
  *starts_at_place = false;
  if (walk.merged_components == 0) {
    SLATE_TRY(auto walker, IndexWalker::open(view, walk, walk.ranges, order.docids));
    if (order.after != nullptr && !walk.ranges.empty())
      *starts_at_place = start_at_place(walker, order, walk.ranges.front(), index);
    return std::make_unique<IndexDocids>(std::move(walker), index, schema, order.group_components);
  }

  std::vector<std::vector<IndexRange>> parts;  // ranges by prefix, each in its order
  for (const IndexRange& range : walk.ranges) {
    const auto same = std::ranges::find_if(parts, [&](const std::vector<IndexRange>& part) {
      return std::equal(range.prefix.begin(), range.prefix.begin() + walk.merged_components,
                        part.front().prefix.begin());
    });
    if (same != parts.end())
      same->push_back(range);
    else
      parts.push_back({range});
  }
  std::vector<std::unique_ptr<MergedDocids::Input>> inputs;
  for (const std::vector<IndexRange>& ranges : parts) {
    KeyBuilder prefix;
    for (std::uint32_t i = 0; i < walk.merged_components; ++i)
      add_scalar(prefix, ranges.front().prefix[i], index.components[i].direction);
    SLATE_TRY(auto walker, IndexWalker::open(view, walk, ranges, order.docids));
    if (order.after != nullptr) start_at_place(walker, order, ranges.front(), index);
    inputs.push_back(std::make_unique<MergedDocids::Input>(
        MergedDocids::Input{.walker = std::move(walker), .prefix_bytes = prefix.bytes().size()}));
  }
  return std::make_unique<MergedDocids>(std::move(inputs), index, schema, walk, order.group_components);
}

}  // namespace slate
