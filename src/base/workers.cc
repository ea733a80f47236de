// SPDX-License-Identifier: Apache-2.0
#include "base/workers.h"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <deque>
#include <iterator>
#include <mutex>
#include <optional>
#include <utility>

namespace ringcache {

/// Two queues, so that a waiting `alone` job does not hold up those behind it. An order number
/// keeps the two first come, first served.
struct Workers::State {
  struct Queued {
    Job job;
    std::uint64_t order;
  };
  using Queue = std::deque<Queued>;

  explicit State(std::size_t max) : queued_max(max) {}

  void work(unsigned worker);
  void watch();
  std::optional<Turn> admit(Job& job);
  std::optional<Job> next();
  std::vector<Job> take_late(Time now);

  std::mutex mutex;
  std::condition_variable work_queued;
  std::condition_variable alarm_changed;
  const std::size_t queued_max;
  Queue shared, alone;
  std::uint64_t orders = 0;
  bool alone_running = false;
  Time alarm = Time::max();  // no queued job is late before this
  bool stopping = false;
};

/// REQUIRES: mutex held. Queues the job, or says why not.
std::optional<Turn> Workers::State::admit(Job& job) {
  if (stopping) return Turn::closing;
  if (shared.size() + alone.size() >= queued_max) return Turn::full;
  if (job.start_by < alarm) {
    alarm = job.start_by;
    alarm_changed.notify_one();
  }
  Queue& queue = job.alone ? alone : shared;
  queue.push_back({std::move(job), ++orders});
  return std::nullopt;
}

/// REQUIRES: mutex held. The oldest job that may run now.
std::optional<Workers::Job> Workers::State::next() {
  const bool alone_may = !alone_running && !alone.empty();
  if (!alone_may && shared.empty()) return std::nullopt;
  const bool take_alone =
      alone_may && (shared.empty() || alone.front().order < shared.front().order);
  Queue& queue = take_alone ? alone : shared;
  Job job = std::move(queue.front().job);
  queue.pop_front();
  alone_running |= take_alone;
  return job;
}

/// What a job writes to a connection that is gone must not end the process.
void ignore_broken_pipes() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void Workers::State::work(unsigned worker) {
  ignore_broken_pipes();
  std::unique_lock lock(mutex);
  while (!stopping) {
    if (std::optional<Job> job = next()) {
      lock.unlock();
      job->work(BootClock::now() < job->start_by ? Turn::run : Turn::late, worker);
      const bool was_alone = job->alone;
      job.reset();  // what it held is destroyed outside the lock
      lock.lock();
      if (was_alone) alone_running = false;
    } else {
      work_queued.wait(lock);
    }
  }
}

/// REQUIRES: mutex held. Removes the late jobs and sets the alarm to the next one.
std::vector<Workers::Job> Workers::State::take_late(Time now) {
  std::vector<Job> late;
  alarm = Time::max();
  for (Queue* queue : {&shared, &alone}) {
    const auto is_late = [&](const Queued& queued) { return queued.job.start_by <= now; };
    const auto overdue = std::ranges::stable_partition(*queue, std::not_fn(is_late));
    for (Queued& queued : overdue) late.push_back(std::move(queued.job));
    queue->erase(overdue.begin(), overdue.end());
    for (const Queued& queued : *queue) alarm = std::min(alarm, queued.job.start_by);
  }
  return late;
}

/// Refuses late jobs in time even when every thread is held up.
void Workers::State::watch() {
  std::unique_lock lock(mutex);
  while (!stopping) {
    const Time now = BootClock::now();
    if (alarm == Time::max()) {
      alarm_changed.wait(lock);
    } else if (alarm > now) {
      alarm_changed.wait_for(lock, std::min<Duration>(alarm - now, std::chrono::hours(1)));
    } else {
      std::vector<Job> late = take_late(now);
      lock.unlock();
      for (Job& job : late) job.work(Turn::late, 0);
      late.clear();
      lock.lock();
    }
  }
}

Workers::Workers(Options options) : state_(std::make_shared<State>(options.queued_max)) {
  for (unsigned i = 0; i < std::max(options.threads, 1u); ++i)
    threads_.emplace_back([state = state_, i] { state->work(i); });
  threads_.emplace_back([state = state_] { state->watch(); });
}

Workers::~Workers() {
  State::Queue shared, alone;
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    shared.swap(state_->shared);
    alone.swap(state_->alone);
  }
  state_->work_queued.notify_all();
  state_->alarm_changed.notify_all();
  for (State::Queue* queue : {&shared, &alone})
    for (State::Queued& queued : *queue) queued.job.work(Turn::closing, 0);
  for (std::thread& thread : threads_)
    thread.get_id() == std::this_thread::get_id() ? thread.detach() : thread.join();
}

void Workers::submit(Job job) {
  std::unique_lock lock(state_->mutex);
  const std::optional<Turn> refused = state_->admit(job);
  lock.unlock();
  if (refused)
    job.work(*refused, 0);
  else
    state_->work_queued.notify_one();
}

}  // namespace ringcache
