#include "exec/predicate.h"

#include <utility>
#include <vector>

#include "exec/number_predicate.h"
#include "exec/row_filter.h"
#include "exec/text_predicate.h"

namespace slate {
namespace {

using Kind = BoundFilter::Kind;

class False final : public Predicate {
 public:
  void filter(const ResolvedBlock&, RowMask& rows) const override { rows.clear(); }
};

class And final : public Predicate {
 public:
  explicit And(std::vector<std::unique_ptr<Predicate>> children) : children_(std::move(children)) {}
  void filter(const ResolvedBlock& block, RowMask& rows) const override {
    for (const auto& child : children_) {
      if (rows.empty()) return;
      child->filter(block, rows);
    }
  }

 private:
  std::vector<std::unique_ptr<Predicate>> children_;
};

class Or final : public Predicate {
 public:
  explicit Or(std::vector<std::unique_ptr<Predicate>> children) : children_(std::move(children)) {}
  void filter(const ResolvedBlock& block, RowMask& rows) const override {
    RowMask open = rows;  // rows that no child has accepted yet
    for (const auto& child : children_) {
      RowMask accepted = open;
      child->filter(block, accepted);
      open.remove(accepted);
      if (open.empty()) return;
    }
    rows.remove(open);
  }

 private:
  std::vector<std::unique_ptr<Predicate>> children_;
};

class Not final : public Predicate {
 public:
  explicit Not(std::unique_ptr<Predicate> child) : child_(std::move(child)) {}
  void filter(const ResolvedBlock& block, RowMask& rows) const override {
    RowMask accepted = rows;
    child_->filter(block, accepted);
    rows.remove(accepted);
  }

 private:
  std::unique_ptr<Predicate> child_;
};

class IsNull final : public Predicate {
 public:
  explicit IsNull(std::uint32_t column) : column_(column) {}
  void filter(const ResolvedBlock& block, RowMask& rows) const override {
    RowMask present = rows;
    keep_present(block.columns[column_], present);
    rows.remove(present);
  }

 private:
  std::uint32_t column_;
};

std::unique_ptr<Predicate> compile_leaf(const BoundFilter& filter, ColumnSet& columns) {
  const std::uint32_t at = columns.add(filter.column);
  const Column& column = columns.schema().columns[filter.column];
  if (filter.kind == Kind::kIsnull) return std::make_unique<IsNull>(at);
  if (filter.kind == Kind::kEmpty) return compile_empty(at, column.type);
  switch (column.type) {
    case Type::kString: return compile_text(filter, at);
    case Type::kFloat: return compile_real(filter, at);
    case Type::kList: return compile_element(filter, at, column.items.front().type);
    default: return compile_integer(filter, at);
  }
}

std::unique_ptr<Predicate> compile_node(const BoundFilter& filter, ColumnSet& columns) {
  switch (filter.kind) {
    case Kind::kTrue: return std::make_unique<And>(std::vector<std::unique_ptr<Predicate>>{});
    case Kind::kFalse: return compile_never();
    case Kind::kNot: return std::make_unique<Not>(compile_node(filter.children.front(), columns));
    case Kind::kAnd:
    case Kind::kOr: {
      std::vector<std::unique_ptr<Predicate>> children;
      for (const BoundFilter& child : filter.children) children.push_back(compile_node(child, columns));
      if (filter.kind == Kind::kAnd) return std::make_unique<And>(std::move(children));
      return std::make_unique<Or>(std::move(children));
    }
    default: return compile_leaf(filter, columns);
  }
}

}  // namespace

std::unique_ptr<Predicate> compile_never() { return std::make_unique<False>(); }

std::unique_ptr<Predicate> compile(const BoundFilter& filter, ColumnSet& columns) {
  if (filter.kind == Kind::kTrue) return nullptr;
  return compile_node(filter, columns);
}

}  // namespace slate
