// One request with its answer. Private to the server.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "http/content_coding.h"
#include "http/message.h"
#include "http/request_parser.h"
#include "http/router.h"
#include "http/server_core.h"
#include "http/url.h"

namespace slate::http {

// From the head of a request to the last byte of its answer: what its connection has to remember, and the
// decisions that need no network. One thread at a time.
struct Exchange {
  using TimePoint = std::chrono::steady_clock::time_point;

  // `head` may be partly empty, when it is refused for what came of it.
  Exchange(const RequestHead& head, std::uint64_t request_number, TimePoint first_byte);

  // Sets route, target and params; or gives the answer for a request that no handler will see: a broken URL,
  // 404, 405, OPTIONS, a body in a coding that is not known.
  std::optional<Response> find_route(const RequestHead& head, const Router& router);
  // The access line and the observer's call; once, when the answer is out or given up.
  void record(int final_status, const std::function<void(const Served&)>& observer) const;

  const std::uint64_t number;
  const std::optional<Method> method;
  const std::string path;  // as the log may hold it
  const std::string request_id;
  const int version;
  const Coding accepted;  // what the answer may be in
  AfterResponse after;
  bool is_put_off = false;  // it was one too many: the client should come again later
  const TimePoint began;
  const Route* route = nullptr;
  Target target;
  NamedValues params;
  std::stop_source stop;
  Coding body_coding = Coding::kIdentity;
  std::shared_ptr<BodyMemory> memory;  // of the body

  int status = 0;
  std::uint64_t bytes_written = 0;
  Headers headers;  // of a streamed answer, until its head is written
  std::unique_ptr<BodyStream> stream;
  bool head_written = false;
  bool stream_ended = false;
};

}  // namespace slate::http
