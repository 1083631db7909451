#include "query/simplify.h"

#include <iterator>
#include <utility>

namespace slate {
namespace {

using Kind = BoundFilter::Kind;

// `neutral` changes nothing in the group; `decisive` decides it alone.
BoundFilter group(Kind kind, Kind neutral, Kind decisive, std::vector<BoundFilter> children) {
  std::vector<BoundFilter> kept;
  kept.reserve(children.size());
  for (auto& child : children) {
    if (child.kind == decisive) return std::move(child);
    if (child.kind == neutral) continue;
    if (child.kind == kind) {
      kept.insert(kept.end(), std::make_move_iterator(child.children.begin()),
                  std::make_move_iterator(child.children.end()));
    } else {
      kept.push_back(std::move(child));
    }
  }
  if (kept.size() == 1) return std::move(kept.front());
  BoundFilter filter;
  filter.kind = kept.empty() ? neutral : kind;
  filter.children = std::move(kept);
  return filter;
}

}  // namespace

BoundFilter constant(bool holds) {
  BoundFilter filter;
  filter.kind = holds ? Kind::kTrue : Kind::kFalse;
  return filter;
}

BoundFilter conjunction(std::vector<BoundFilter> children) {
  return group(Kind::kAnd, Kind::kTrue, Kind::kFalse, std::move(children));
}

BoundFilter disjunction(std::vector<BoundFilter> children) {
  return group(Kind::kOr, Kind::kFalse, Kind::kTrue, std::move(children));
}

BoundFilter negation(BoundFilter filter) {
  switch (filter.kind) {
    case Kind::kTrue: return constant(false);
    case Kind::kFalse: return constant(true);
    case Kind::kNot: {
      auto inner = std::move(filter.children.front());
      return inner;
    }
    default: break;
  }
  BoundFilter negated;
  negated.kind = Kind::kNot;
  negated.children.push_back(std::move(filter));
  return negated;
}

}  // namespace slate
