// A client over a blocking socket that can send anything, for the tests of the server.
#pragma once

#include <arpa/inet.h>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>
#include <vector>

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

// A read that gets nothing for 30 s fails the test instead of hanging it.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval limit{.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_buffer > 0)
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  RawClient(RawClient&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)),
        last_id_(other.last_id_),
        unread_(std::move(other.unread_)) {}
  RawClient& operator=(RawClient&&) = delete;
  ~RawClient() { close(); }
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }

  void send_bytes(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
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
      const auto header = wire::read_frame_header(unread_, wire::kAnswerFrameBytes).value();
      if (header && unread_.size() >= header->size) {
        const wire::Frame frame =
            wire::split_frame(std::string_view(unread_).substr(0, header->size), *header);
        Received received{.id = frame.id, .answer = wire::decode_answer(frame.message).value()};
        received.aligned.resize((frame.payload.size() + 7) / 8);
        if (!frame.payload.empty())
          std::memcpy(received.aligned.data(), frame.payload.data(), frame.payload.size());
        received.payload_bytes = frame.payload.size();
        unread_.erase(0, header->size);
        return received;
      }
      if (!read_some()) {
        is_closed_ = true;
        return {};
      }
    }
  }
  // Whether the server closes the connection without another word.
  bool is_ended() { return unread_.empty() && !read_some(); }

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
  bool read_some() {
    char buffer[65536];
    const auto bytes = ::recv(socket_, buffer, sizeof buffer, 0);
    if (bytes < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) ADD_FAILURE() << "the server went silent";
    if (bytes <= 0) return false;
    unread_.append(buffer, static_cast<std::size_t>(bytes));
    return true;
  }

  int socket_;
  wire::RequestId last_id_ = 0;
  std::string unread_;
  std::map<wire::RequestId, std::vector<Received>> kept_;
  bool is_closed_ = false;
};

}  // namespace slate::server::testing
