// SPDX-License-Identifier: Apache-2.0
#include <ringcache/node.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <random>
#include <thread>

#include <ringcache/etcd.h>
#include <ringcache/groups.h>
#include <ringcache/grpc.h>
#include <ringcache/http.h>

#include "base/units.h"
#include "node/feeds.h"
#include "node/pages.h"
#include "node/sources.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;

/// How long a leaving node goes on answering as before: the others must hear of it first.
constexpr auto kNotice = 500ms;
/// How long calls in flight may take once the doors have closed.
constexpr auto kGrace = 5s;

std::string random_id() {
  std::random_device source;
  std::string id;
  for (int word = 0; word < 4; ++word) {
    char digits[9];
    std::snprintf(digits, sizeof digits, "%08x", source());
    id += digits;
  }
  return id;
}

bool is_wildcard(const std::string& host) {
  return host.empty() || host == "0.0.0.0" || host == "::";
}

std::string join_host_port(const std::string& host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

/// Where others reach a door that listens on `listen` at `port`; `advertise` tells the host of a
/// wildcard.
std::string reachable(const std::string& listen, std::uint16_t port, const std::string& advertise) {
  const auto own = parse_host_port(listen);
  const auto seen = parse_host_port(advertise);
  const bool borrow = own && seen && is_wildcard(own->host);
  return own ? join_host_port(borrow ? seen->host : own->host, port) : listen;
}

}  // namespace

/// Destroyed from the bottom up: first feeds end, then nobody tells us views, then nobody calls,
/// then the groups go, then what they call.
struct Node::Parts {
  Config config;
  Log log;
  std::string id = random_id();
  std::atomic<bool> leaving = false;
  std::once_flag left;

  std::unique_ptr<Scheduler> scheduler = thread_scheduler(2);
  std::unique_ptr<HttpPeers> http_peers;
  std::unique_ptr<Cluster> cluster;
  Sources sources{config, *scheduler, log};
  Groups groups;
  std::unique_ptr<GrpcServer> grpc;
  std::unique_ptr<HttpServer> http;
  std::unique_ptr<Membership> membership;
  Feeds feeds{config, groups};

  std::shared_ptr<Store> connect(const Member& member) const;
  std::unique_ptr<Membership> make_membership() const;
  Result<void> add(const Config::GroupSection& section);
  Result<void> open_doors();
  Result<void> join();
  Member self() const;
  std::string owner_name(const KeyView& key) const;
  std::string unready_reason() const;
  std::size_t value_bytes_max() const;
  std::vector<HttpPage> pages();
};

std::shared_ptr<Store> Node::Parts::connect(const Member& member) const {
  const bool by_http = config.peer_transport == Config::Transport::http;
  return by_http ? http_peers->connect(member)
                 : grpc_peer(member, {.value_bytes_max = value_bytes_max()});
}

/// The largest value of any group: what the doors and the peers must let through.
std::size_t Node::Parts::value_bytes_max() const {
  std::size_t largest = 0;
  groups.for_each(
      [&](Group& group) { largest = std::max(largest, group.limits().value_bytes_max); });
  return largest;
}

std::unique_ptr<Membership> Node::Parts::make_membership() const {
  const auto& wanted = config.membership;
  using Type = Config::MembershipSection::Type;
  if (wanted.type == Type::etcd)
    return etcd_membership({.endpoints = wanted.endpoints,
                            .prefix = wanted.prefix,
                            .lease_ttl = wanted.lease_ttl,
                            .announce_as = wanted.announce_as,
                            .log = log.named("etcd")});
  return static_membership(wanted.type == Type::fixed ? wanted.members : std::vector<Member>());
}

Result<void> Node::Parts::add(const Config::GroupSection& section) {
  auto source = sources.open(section);
  if (!source) {
    source.error().message = "group '" + section.options.name + "': " + source.error().message;
    return std::unexpected(source.error());
  }
  groups.add(std::make_unique<Group>(section.options, std::move(*source), *cluster, *scheduler));
  return {};
}

std::string Node::Parts::owner_name(const KeyView& key) const {
  const auto ring = cluster->ring();
  return ring->empty() ? cluster->self() : ring->owner(key).name;
}

std::string Node::Parts::unready_reason() const {
  if (leaving) return "leaving the cluster";
  return membership && membership->joined() ? "" : "not in the ring yet";
}

std::vector<HttpPage> Node::Parts::pages() {
  using Parameters = HttpPage::Parameters;
  return {
      {"/v1/cluster", [this](const Parameters&) { return cluster_page(*cluster); }},
      {"/v1/groups", [this](const Parameters&) { return groups_page(groups, feeds); }},
      {"/v1/groups/{group}",
       [this](const Parameters& p) { return group_page(groups, feeds, p.at("group")); }},
      {"/v1/why/{group}/{key}",
       [this](const Parameters& p) {
         return why_page(groups, *cluster, *scheduler, KeyView(p.at("group"), p.at("key")));
       }},
  };
}

Result<void> Node::Parts::open_doors() {
  const auto owner = [this](const KeyView& key) { return owner_name(key); };
  if (config.peer_transport == Config::Transport::http)
    http_peers = std::make_unique<HttpPeers>(HttpPeerOptions{.value_bytes_max = value_bytes_max()});
  if (!config.listen.grpc.empty()) {
    auto opened = GrpcServer::listen({.listen = config.listen.grpc,
                                      .value_bytes_max = value_bytes_max(),
                                      .owner_name = owner,
                                      .log = log.named("grpc")},
                                     groups);
    if (!opened) return std::unexpected(opened.error());
    grpc = std::move(*opened);
  }
  if (!config.listen.http.empty()) {
    auto opened = HttpServer::listen({.listen = config.listen.http,
                                      .value_bytes_max = value_bytes_max(),
                                      .pages = pages(),
                                      .owner_name = owner,
                                      .unready_reason = [this] { return unready_reason(); },
                                      .log = log.named("http")},
                                     groups);
    if (!opened) return std::unexpected(opened.error());
    http = std::move(*opened);
  }
  return {};
}

Member Node::Parts::self() const {
  Member self{.id = id, .name = cluster->self(), .weight = config.node.weight};
  if (grpc) self.address = reachable(config.listen.grpc, grpc->port(), config.node.advertise);
  if (!config.node.advertise.empty()) self.address = config.node.advertise;
  if (http) self.http = reachable(config.listen.http, http->port(), self.address);
  return self;
}

Result<void> Node::Parts::join() {
  membership = make_membership();
  return membership->join(self(), [this](View view) { cluster->update(std::move(view)); });
}

Result<std::unique_ptr<Node>> Node::create(Config config, Log log) {
  auto parts = std::make_unique<Parts>();
  const auto& listen = parts->config.listen;
  parts->config = std::move(config);
  parts->log = log.named("node");
  auto& node = parts->config.node;
  if (node.advertise.empty() && !listen.grpc.ends_with(":0")) node.advertise = listen.grpc;
  if (node.name.empty()) node.name = node.advertise.empty() ? "node-" + parts->id : node.advertise;
  parts->cluster = std::make_unique<Cluster>(
      node.name, [raw = parts.get()](const Member& member) { return raw->connect(member); },
      parts->config.ring);
  for (const auto& section : parts->config.groups)
    if (auto added = parts->add(section); !added) return std::unexpected(added.error());
  return std::unique_ptr<Node>(new Node(std::move(parts)));
}

Node::Node(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Node::~Node() { leave(); }

Result<Group*> Node::add_group(GroupOptions options, Loader loader, LoaderOptions loader_options) {
  return add_group(std::move(options), loader_source(std::move(loader), loader_options));
}

Result<Group*> Node::add_group(GroupOptions options, std::shared_ptr<Store> source) {
  const std::string name = options.name;
  auto group = std::make_unique<Group>(std::move(options), std::move(source), *parts_->cluster,
                                       *parts_->scheduler);
  Group* added = group.get();
  if (parts_->groups.add(std::move(group))) return added;
  return fail(Errc::invalid_argument, "there is a group '" + name + "' already");
}

Result<void> Node::serve() {
  if (auto started = parts_->feeds.start(*parts_->cluster, parts_->log); !started) return started;
  if (auto opened = parts_->open_doors(); !opened) return opened;
  if (auto joined = parts_->join(); !joined) return joined;
  const Member self = parts_->self();
  parts_->log.info("node " + self.name + " serves http " + self.http + ", grpc " + self.address);
  return {};
}

void Node::leave() {
  std::call_once(parts_->left, [this] {
    if (!parts_->membership) return;
    parts_->leaving = true;
    parts_->log.info("leaving: out of the ring, then closing the doors");
    const bool others = parts_->cluster->ring()->members().size() > 1;
    parts_->membership->leave();
    if (others) std::this_thread::sleep_for(kNotice);
    std::jthread grpc([this] {
      if (parts_->grpc) parts_->grpc->drain(kGrace);
    });
    if (parts_->http) parts_->http->drain(kGrace);
    grpc.join();
    parts_->log.info("left");
  });
}

void Node::reload(const Config& config) {
  const Log& log = parts_->log;
  const Config& running = parts_->config;
  log.set_level(log_level_from_name(config.log.level));
  for (const auto& section : config.groups) {
    if (Group* group = parts_->groups.find(section.options.name))
      group->set_limits(section.options.limits);
    else
      log.warn("reload: group '" + section.options.name + "' is new; restart to add it");
  }
  const bool same = config.listen == running.listen && config.membership == running.membership &&
                    config.sources == running.sources;
  if (!same) log.warn("reload: changes of listen, membership or sources take a restart");
  log.info("reloaded: log level and group limits");
}

Store& Node::store() { return parts_->groups; }
std::uint16_t Node::http_port() const {
  return parts_->http ? parts_->http->port() : std::uint16_t{0};
}
std::uint16_t Node::grpc_port() const {
  return parts_->grpc ? parts_->grpc->port() : std::uint16_t{0};
}

}  // namespace ringcache
