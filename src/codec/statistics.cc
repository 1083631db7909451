#include "codec/statistics.h"

#include <algorithm>
#include <cstring>

#include "base/try.h"

namespace slate {
namespace {

constexpr std::uint32_t kVersion = 2;

Failure corrupt(std::string_view what) { return fail(Reason::kCorrupt, "statistics: " + std::string(what)); }

}  // namespace

Result<StatisticsView> StatisticsView::verify(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(StatisticsHeader)) return corrupt("shorter than their header");
  const StatisticsView view(bytes);
  if (view.header().version != kVersion) return corrupt("of an unknown version");
  if (view.header().columns > (bytes.size() - sizeof(StatisticsHeader)) / sizeof(ColumnStatistics))
    return corrupt("columns beyond their end");
  for (std::size_t i = 1; i < view.columns().size(); ++i)
    if (view.columns()[i].field <= view.columns()[i - 1].field) return corrupt("columns out of order");
  if (!view.sample_bytes().empty()) SLATE_TRY(BlockView::verify(view.sample_bytes()));
  return view;
}

const ColumnStatistics* StatisticsView::find(FieldId field) const {
  const auto all = columns();
  const auto found = std::ranges::lower_bound(all, field, {}, &ColumnStatistics::field);
  return found != all.end() && found->field == field ? &*found : nullptr;
}

std::optional<BlockView> StatisticsView::sample() const {
  if (sample_bytes().empty()) return std::nullopt;
  return BlockView::trusted(sample_bytes().data());
}

std::string encode_statistics(std::uint64_t rows, std::span<const ColumnStatistics> columns,
                              std::string_view sample) {
  const StatisticsHeader header{
      .version = kVersion, .columns = static_cast<std::uint32_t>(columns.size()), .rows = rows};
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof(header));
  bytes.append(reinterpret_cast<const char*>(columns.data()), columns.size_bytes());
  bytes.append(sample);
  return bytes;
}

double estimate_distinct(double rows, double sampled, double distinct, double once) {
  if (sampled <= 0) return 0;
  if (sampled >= rows) return distinct;
  return std::min(rows, sampled * distinct / (sampled - once + once * sampled / rows));
}

}  // namespace slate
