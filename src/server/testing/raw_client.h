// A client that can send anything, for the tests of the server.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/testing/loopback_socket.h"
#include "wire/answers.h"
#include "wire/block_payload.h"
#include "wire/frame.h"

namespace slate::server::testing {

// An answer, and its payload at an address that is a multiple of 8.
struct Received {
  wire::RequestId id = 0;
  wire::Answer answer = Error(Reason::kUnavailable, "the connection has closed");
  std::vector<std::uint64_t> aligned{};
  std::size_t payload_bytes = 0;

  std::string_view payload() const { return {reinterpret_cast<const char*>(aligned.data()), payload_bytes}; }
  template <typename T>
  const T& as() const {
    if (const auto* value = std::get_if<T>(&answer)) return *value;
    const auto* error = std::get_if<Error>(&answer);
    throw std::runtime_error(error != nullptr ? error->to_string() : "another answer");
  }
  Error error() const {
    if (const auto* error = std::get_if<Error>(&answer)) return *error;
    ADD_FAILURE() << "no error, but answer " << answer.index();
    return Error(Reason::kInternal, "");
  }
};

struct QueryAnswer {
  wire::RowsHead head;
  wire::RowsEnd end;
  std::vector<Record> records;
  std::size_t frames = 0;
  std::optional<Error> error;
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0) : socket_(port, receive_buffer) {
    EXPECT_TRUE(socket_.connected());
  }

  void close() { socket_.close(); }
  void send_bytes(std::string_view bytes) { socket_.send(bytes); }
  Received greet(std::string token = {}) {
    send_bytes(wire::kPreamble);
    return ask(wire::Hello{.token = std::move(token), .client = "test"});
  }

  wire::RequestId send(wire::RequestBody body, std::string_view payload = {},
                       std::optional<std::chrono::milliseconds> deadline = {}) {
    send_as(++last_id_, std::move(body), payload, deadline);
    return last_id_;
  }
  void send_as(wire::RequestId id, wire::RequestBody body, std::string_view payload = {},
               std::optional<std::chrono::milliseconds> deadline = {}) {
    wire::FrameWriter frame(id, wire::encode({.body = std::move(body), .deadline = deadline}).value());
    if (!payload.empty()) frame.payload().append(payload);
    send_bytes(frame.finish());
  }
  // The next answer to that request; those of others are kept for when they are asked for.
  Received receive(wire::RequestId id) {
    for (;;) {
      if (auto& kept = kept_[id]; !kept.empty()) {
        Received first = std::move(kept.front());
        kept.erase(kept.begin());
        return first;
      }
      Received next = receive_any();
      if (next.id == id || is_closed_) return next;
      kept_[next.id].push_back(std::move(next));
    }
  }
  Received ask(wire::RequestBody body, std::string_view payload = {},
               std::optional<std::chrono::milliseconds> deadline = {}) {
    return receive(send(std::move(body), payload, deadline));
  }
  Received receive_any() {
    for (;;) {
      const auto header = wire::read_frame_header(socket_.unread(), wire::kAnswerFrameBytes).value();
      if (header && socket_.unread().size() >= header->size) {
        const wire::Frame frame =
            wire::split_frame(std::string_view(socket_.unread()).substr(0, header->size), *header);
        Received received{.id = frame.id, .answer = wire::decode_answer(frame.message).value()};
        received.aligned.resize((frame.payload.size() + 7) / 8);
        if (!frame.payload.empty())
          std::memcpy(received.aligned.data(), frame.payload.data(), frame.payload.size());
        received.payload_bytes = frame.payload.size();
        socket_.take(header->size);
        return received;
      }
      if (!socket_.read_some()) {
        is_closed_ = true;
        return {};
      }
    }
  }
  // Whether the server closes the connection without another word.
  bool is_ended() { return socket_.unread().empty() && !socket_.read_some(); }

  // Grants as it reads, so many bytes at a time; 0: never.
  QueryAnswer collect(wire::RequestId id, std::uint64_t grant = 1 << 20) {
    QueryAnswer all;
    for (;;) {
      const Received part = receive(id);
      if (const auto* error = std::get_if<Error>(&part.answer)) {
        all.error = *error;
        return all;
      }
      const auto& rows = part.as<wire::Rows>();
      ++all.frames;
      if (rows.head) all.head = *rows.head;
      wire::BlockReader blocks(part.payload(), all.head.columns.list());
      for (;;) {
        const auto batch = blocks.next();
        EXPECT_TRUE(batch.has_value());
        if (!batch || *batch == nullptr) break;
        for (std::size_t i = 0; i < (*batch)->size(); ++i)
          all.records.push_back(to_record(all.head.columns.list(), **batch, i));
      }
      if (rows.end) {
        all.end = *rows.end;
        return all;
      }
      if (grant > 0) send_as(id, wire::Grant{.bytes = grant});
    }
  }
  QueryAnswer query(wire::RunQuery request) { return collect(send(std::move(request))); }

 private:
  net::testing::LoopbackSocket socket_;
  wire::RequestId last_id_ = 0;
  std::map<wire::RequestId, std::vector<Received>> kept_;
  bool is_closed_ = false;
};

}  // namespace slate::server::testing
