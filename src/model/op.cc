#include <array>

#include <slate/query.h>

namespace slate {
namespace {

struct OpWord {
  Op op;
  std::string_view word;
};

// In the order of the enum, so that op_name() indexes it.
constexpr std::array kOps{
    OpWord{Op::kEq, "eq"},
    OpWord{Op::kNe, "ne"},
    OpWord{Op::kGt, "gt"},
    OpWord{Op::kGte, "gte"},
    OpWord{Op::kLt, "lt"},
    OpWord{Op::kLte, "lte"},
    OpWord{Op::kBetween, "between"},
    OpWord{Op::kIn, "in"},
    OpWord{Op::kNin, "nin"},
    OpWord{Op::kIcontains, "icontains"},
    OpWord{Op::kIstartswith, "istartswith"},
    OpWord{Op::kIendswith, "iendswith"},
    OpWord{Op::kIeq, "ieq"},
    OpWord{Op::kContains, "contains"},
    OpWord{Op::kStartswith, "startswith"},
    OpWord{Op::kEndswith, "endswith"},
    OpWord{Op::kIsnull, "isnull"},
    OpWord{Op::kEmpty, "empty"},
};

consteval bool words_follow_the_enum() {
  for (std::size_t i = 0; i < kOps.size(); ++i)
    if (static_cast<std::size_t>(kOps[i].op) != i) return false;
  return kOps.size() == static_cast<std::size_t>(Op::kEmpty) + 1;
}
static_assert(words_follow_the_enum(), "each operator has its word, in order");

}  // namespace

std::string_view op_name(Op op) { return kOps[static_cast<std::size_t>(op)].word; }

std::optional<Op> parse_op(std::string_view name) {
  for (const auto& [op, word] : kOps)
    if (word == name) return op;
  return std::nullopt;
}

}  // namespace slate
