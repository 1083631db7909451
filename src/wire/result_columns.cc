#include "wire/result_columns.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <google/protobuf/arena.h>
#include <utility>

#include "base/try.h"
#include "slate/wire/wire.pb.h"
#include "wire/convert.h"
#include "wire/message_arena.h"

namespace slate::wire {
namespace {

bool are_same(const ResultColumn& one, const ResultColumn& other) {
  return one.field == other.field && one.type == other.type && one.items == other.items;
}

std::string encode(const std::vector<ResultColumn>& columns) {
  FirstBlock first;
  google::protobuf::Arena arena(beginning_in(first));
  auto& message = *google::protobuf::Arena::CreateMessage<v1::ResultColumns>(&arena);
  message.mutable_columns()->Reserve(static_cast<int>(columns.size()));
  for (const ResultColumn& column : columns) write(column, *message.add_columns());
  return message.SerializeAsString();
}

Result<std::vector<ResultColumn>> decode(std::string_view bytes) {
  FirstBlock first;
  google::protobuf::Arena arena(beginning_in(first));
  auto& message = *google::protobuf::Arena::CreateMessage<v1::ResultColumns>(&arena);
  if (bytes.size() > INT32_MAX || !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return fail(Reason::kInvalidArgument, "columns that are none");
  std::vector<ResultColumn> columns;
  columns.reserve(static_cast<std::size_t>(message.columns_size()));
  for (const v1::ResultColumn& entry : message.columns()) {
    SLATE_TRY(ResultColumn column, wire::read(entry));
    columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace

// The last few of a thread. Bounded: what is large is not remembered.
class ResultColumns::Memory {
 public:
  static Memory& of_this_thread() {
    thread_local Memory memory;
    return memory;
  }

  // Null when none is as `is_wanted` says.
  template <typename Wanted>
  std::shared_ptr<const Known> find(Wanted is_wanted) const {
    const auto found =
        std::ranges::find_if(last_, [&](const auto& each) { return each != nullptr && is_wanted(*each); });
    return found != last_.end() ? *found : nullptr;
  }
  std::shared_ptr<const Known> add(Known known) {
    auto added = std::make_shared<const Known>(std::move(known));
    if (added->message.size() <= kMostBytes) last_[next_++ % last_.size()] = added;
    return added;
  }

 private:
  static constexpr std::size_t kMostBytes = std::size_t{16} << 10;

  std::array<std::shared_ptr<const Known>, 8> last_;
  std::size_t next_ = 0;
};

ResultColumns::ResultColumns(const std::vector<ResultColumn>& columns) {
  if (columns.empty()) return;
  Memory& memory = Memory::of_this_thread();
  known_ = memory.find([&](const Known& known) { return std::ranges::equal(known.list, columns, are_same); });
  if (known_ == nullptr) known_ = memory.add({.list = columns, .message = encode(columns)});
}

Result<ResultColumns> ResultColumns::read(std::string_view message) {
  if (message.empty()) return ResultColumns();
  Memory& memory = Memory::of_this_thread();
  auto known = memory.find([&](const Known& each) { return each.message == message; });
  if (known == nullptr) {
    SLATE_TRY(auto list, decode(message));
    known = memory.add({.list = std::move(list), .message = std::string(message)});
  }
  return ResultColumns(std::move(known));
}

const std::vector<ResultColumn>& ResultColumns::list() const {
  static const std::vector<ResultColumn> none;
  return known_ != nullptr ? known_->list : none;
}

std::string_view ResultColumns::message() const {
  return known_ != nullptr ? std::string_view(known_->message) : std::string_view();
}

}  // namespace slate::wire
