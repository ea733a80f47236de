// SPDX-License-Identifier: Apache-2.0
// What http_hit.sh measures: `http_hit_server` serves a map of 100,000 values of 64 bytes through
// the HTTP door; `http_hit_server --constant` answers every request with the same bytes, by the
// plainest epoll loop that can, so that the difference is what our door costs. Prints the port;
// ends with its standard input.
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>

#include <ringcache/http.h>

namespace {

using namespace ringcache;

constexpr int kKeys = 100'000;

class FixedStore final : public Store {
 public:
  FixedStore() {
    const Value value{
        .bytes = Bytes::copy(std::string(64, 'v')), .loaded_at = BootClock::now(), .hit = true};
    for (int i = 0; i < kKeys; ++i) values_.emplace("key-" + std::to_string(i), value);
  }

  void get(const KeyView& key, const Call&, Done<Value> done) override {
    const auto found = values_.find(std::string(key.name));
    if (found == values_.end()) return done(fail(Errc::not_found, "no such key"));
    done(found->second);
  }
  void put(const KeyView&, Value, const Call&, Done<Value> done) override {
    done(fail(Errc::unsupported, "read-only"));
  }
  void erase(const KeyView&, const Call&, Done<void> done) override {
    done(fail(Errc::unsupported, "read-only"));
  }

 private:
  std::unordered_map<std::string, Value> values_;
};

/// As long as a reply of ours.
std::string constant_reply() {
  std::string head =
      "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nETag: \"0123456789abcdef\"\r\n"
      "Age: 0\r\nX-Ringcache: hit; owner=bench\r\nContent-Type: application/octet-stream\r\n"
      "Content-Length: 64\r\n\r\n";
  return head + std::string(64, 'v');
}

void answer(int client, const std::string& reply) {
  char request[4096];
  const ssize_t got = ::recv(client, request, sizeof request, 0);
  if (got <= 0) return void(::close(client));
  if (std::string_view(request, static_cast<std::size_t>(got)).ends_with("\r\n\r\n"))
    ::send(client, reply.data(), reply.size(), MSG_NOSIGNAL);
}

[[noreturn]] void serve_constant(int listener) {
  const std::string reply = constant_reply();
  const int poll = ::epoll_create1(0);
  const auto watch = [poll](int descriptor) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = descriptor}};
    ::epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event);
  };
  watch(listener);
  for (;;) {
    epoll_event events[64];
    const int count = ::epoll_wait(poll, events, 64, -1);
    for (int i = 0; i < count; ++i)
      if (events[i].data.fd == listener)
        watch(::accept(listener, nullptr, nullptr));
      else
        answer(events[i].data.fd, reply);
  }
}

int listen_on_any_port(std::uint16_t& port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(listener, reinterpret_cast<sockaddr*>(&address), size);
  ::listen(listener, 128);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return listener;
}

void say_and_wait(std::uint16_t port) {
  std::printf("%u\n", port);
  std::fflush(stdout);
  while (std::getchar() != EOF) continue;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "--constant") {
    std::uint16_t port = 0;
    const int listener = listen_on_any_port(port);
    std::thread(serve_constant, listener).detach();
    say_and_wait(port);
    std::_Exit(0);
  }
  FixedStore store;
  const auto server =
      HttpServer::listen({.listen = "127.0.0.1:0",
                          .threads = 1,
                          .owner_name = [](const KeyView&) { return std::string("bench"); }},
                         store);
  if (!server) return std::fprintf(stderr, "%s\n", server.error().message.c_str()), 1;
  say_and_wait((*server)->port());
}
