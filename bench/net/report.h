// What slate_net_bench prints.
#pragma once

#include <span>
#include <string>

#include "bench/net/http_lines.h"
#include "bench/net/overload.h"
#include "bench/net/tcp_lines.h"

namespace slate::bench::network {

struct Header {
  std::string cpu;
  unsigned cores = 1;
  std::string kernel;
  double load = 0;  // before the first run: others that were busy show
  std::size_t records = 0;
};

enum class Format : std::uint8_t { kTable, kMarkdown };

std::string net_report(const Header& header, std::span<const TcpResult> tcp, const HttpResult& http,
                       Format format);
std::string overload_report(const Header& header, const OverloadResult& result, Format format);

}  // namespace slate::bench::network
