#include "bindings/engine_binding.h"

#include <pybind11/stl.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bindings/errors.h"
#include "bindings/key_scan_binding.h"
#include "bindings/target_binding.h"
#include "bindings/text.h"
#include "bindings/worker_dict.h"
#include "engine/engine.h"

namespace regear {

namespace py = pybind11;

namespace {

using std::chrono::milliseconds;

milliseconds Seconds(double seconds) {
  constexpr double kLongest = 365 * 24 * 3600.0;  // infinity has no count
  return milliseconds(std::llround(std::min(seconds, kLongest) * 1000));
}

// Runs `call` without the GIL; its result, or the exception for its Status.
template <typename Call>
auto WithoutGil(Call call) {
  auto result = [&] {
    const py::gil_scoped_release release;
    return call();
  }();
  if constexpr (std::is_same_v<decltype(result), Status>) {
    RaiseIfError(result);
  } else {
    RaiseIfError(result.status());
    return *std::move(result);
  }
}

class PyEngine {
 public:
  explicit PyEngine(const std::string& url) : process_(getpid()) {
    auto engine = Engine::Create(url);
    RaiseIfError(engine.status());
    engine_ = *std::move(engine);
  }

  // Without the GIL: the workers that end here may wait for it.
  ~PyEngine() {
    if (getpid() != process_) {
      static_cast<void>(engine_.release());  // the threads are the parent's
      return;
    }
    const py::gil_scoped_release release;
    engine_.reset();
  }
  PyEngine(const PyEngine&) = delete;
  PyEngine& operator=(const PyEngine&) = delete;

  py::dict Attach(uint64_t fence) {
    Engine& engine = Get();
    const Attachment got = WithoutGil([&] { return engine.Attach(fence); });
    py::dict reply;
    reply["state"] = got.attached ? "attached" : "standby";
    if (!got.attached) return reply;
    reply["fence"] = got.fence;
    reply["lease_ms"] = got.lease.count();
    reply["node"] = ToPython(got.node);
    reply["hashtag"] = ToPython(got.hashtag);
    reply["epoch"] = got.epoch;
    reply["epoch_id"] = ToPython(got.epoch_id);
    reply["generation"] = got.generation;
    reply["host_id"] = ToPython(got.host_id);
    py::dict args;
    for (const auto& [key, value] : got.args) {
      args[ToPython(key)] = ToPython(value);
    }
    reply["args"] = args;
    py::dict config;
    for (const auto& [key, value] : got.config) {
      config[ToPython(key)] = ToPython(value);
    }
    reply["config"] = config;
    return reply;
  }

  std::vector<Job> NextJobs(double timeout) {
    Engine& engine = Get();
    return WithoutGil([&] { return engine.link().NextJobs(Seconds(timeout)); });
  }

  void FinishJob(uint64_t job, bool ok, const py::str& text) {
    Engine& engine = Get();
    const std::string bytes = FromPython(text);
    WithoutGil([&] { return engine.link().FinishJob(job, ok, bytes); });
  }

  // [(registration id, JSON)…], [(job id, kind, payload)…]
  void SettleJobs(const py::list& reports, const py::list& answers) {
    Engine& engine = Get();
    TextPairs report_pairs;
    for (const py::handle& item : reports) {
      const auto report = item.cast<py::tuple>();
      report_pairs.emplace_back(FromPython(report[0]), FromPython(report[1]));
    }
    std::vector<JobAnswer> job_answers;
    job_answers.reserve(answers.size());
    for (const py::handle& item : answers) {
      const auto answer = item.cast<py::tuple>();
      job_answers.push_back({answer[0].cast<uint64_t>(), FromPython(answer[1]),
                             answer[2].cast<py::bytes>()});
    }
    WithoutGil(
        [&] { return engine.link().SettleJobs(report_pairs, job_answers); });
  }

  py::list ReserveIds(size_t count) {
    Engine& engine = Get();
    py::list ids;
    for (const std::string& id :
         WithoutGil([&] { return engine.link().ReserveIds(count); })) {
      ids.append(ToPython(id));
    }
    return ids;
  }

  py::list Register(uint64_t job, const py::str& session,
                    const py::bytes& blob) {
    Engine& engine = Get();
    const std::string session_text = FromPython(session);
    const std::string blob_bytes = blob;
    py::list ids;
    for (const std::string& id : WithoutGil([&] {
           return engine.link().Register(job, session_text, blob_bytes);
         })) {
      ids.append(ToPython(id));
    }
    return ids;
  }

  py::tuple Registry() {
    Engine& engine = Get();
    const RegistryContents contents =
        WithoutGil([&] { return engine.link().ReadRegistry(); });
    py::list registrations, sessions;
    for (const std::string& registration : contents.registrations) {
      registrations.append(ToPython(registration));
    }
    for (const auto& [id, blob] : contents.sessions) {
      sessions.append(py::make_tuple(ToPython(id), py::bytes(blob)));
    }
    return py::make_tuple(contents.generation, registrations, sessions);
  }

  void LogLine(const std::string& level, const py::str& text) {
    Engine& engine = Get();
    const std::string bytes = FromPython(text);
    WithoutGil([&] { return engine.link().LogLine(level, bytes); });
  }

  PyKeyScan ScanKeys(const py::str& pattern, const py::str& count) {
    Engine& engine = Get();
    const std::string wanted = FromPython(pattern), size = FromPython(count);
    return PyKeyScan(WithoutGil([&] { return engine.ScanKeys(wanted, size); }));
  }

  py::list CheckTarget(const py::dict& worker) {
    Engine& engine = Get();
    const WorkerSpec spec = ParseWorker(worker);
    const auto warnings = [&] {
      const py::gil_scoped_release release;
      return engine.CheckTarget(spec);
    }();
    RaiseIfTargetError(warnings.status());
    return FindingsToPython(*warnings);
  }

  void StartWorker(const py::dict& worker) {
    Engine& engine = Get();
    WorkerSpec spec = ParseWorker(worker);
    WithoutGil([&] { return engine.StartWorker(std::move(spec)); });
  }

  bool StopWorker(const std::string& name, bool drain, double timeout) {
    Engine& engine = Get();
    const py::gil_scoped_release release;
    return engine.StopWorker(name, drain, Seconds(timeout));
  }

  bool DrainWorker(const std::string& name) {
    Engine& engine = Get();
    const py::gil_scoped_release release;
    return engine.HurryWorker(name);
  }

  py::dict WorkerStatus() {
    Engine& engine = Get();
    TextPairs statuses;
    {
      const py::gil_scoped_release release;
      statuses = engine.WorkerStatuses();
    }
    py::dict by_name;
    for (const auto& [name, status] : statuses) {
      by_name[ToPython(name)] = ToPython(status);
    }
    return by_name;
  }

  void Report(const std::string& name, const std::optional<py::str>& status) {
    Engine& engine = Get();
    std::string text = status ? FromPython(*status) : std::string();
    const py::gil_scoped_release release;
    engine.Report(name, std::move(text));
  }

  // Allowed in a forked child, where there is nothing to do.
  void Detach() {
    if (getpid() != process_) return;
    const py::gil_scoped_release release;
    engine_->Detach();
  }

 private:
  // Threads do not survive a fork, and the sockets are shared with the parent.
  Engine& Get() {
    if (getpid() != process_) {
      RaiseIfError(Status(StatusCode::kInvalid,
                          "this engine belongs to the parent process",
                          "make a new one after the fork"));
    }
    return *engine_;
  }

  const pid_t process_;
  std::unique_ptr<Engine> engine_;
};

void BindJob(py::module_* module) {
  py::class_<Job>(*module, "Job",
                  "Work that the module hands over. ``kind`` is PYEXECUTE or "
                  "REGISTRY.")
      .def_readonly("id", &Job::id)
      .def_readonly("kind", &Job::kind)
      .def_property_readonly("arguments", [](const Job& job) {
        py::list arguments;
        for (const std::string& argument : job.arguments) {
          arguments.append(py::bytes(argument));
        }
        return arguments;
      });
}

}  // namespace

void BindEngine(py::module_* module) {
  BindJob(module);
  BindKeyScan(module);
  py::class_<PyEngine>(*module, "Engine",
                       "One host: its lease on a Redis server and its drain "
                       "workers.")
      .def(py::init<const std::string&>(), py::arg("url"))
      .def("attach", &PyEngine::Attach, py::arg("fence") = 0,
           "Ask for the lease once.")
      .def("next_jobs", &PyEngine::NextJobs, py::arg("timeout"),
           "All jobs that there are; none after ``timeout`` seconds.")
      .def("finish_job", &PyEngine::FinishJob, py::arg("job_id"), py::arg("ok"),
           py::arg("text"))
      .def("settle_jobs", &PyEngine::SettleJobs, py::arg("reports"),
           py::arg("answers"),
           "Report of functions that ran: (registration id, JSON), then answer "
           "jobs: (id, OK|ERR|RESP, payload).")
      .def("reserve_ids", &PyEngine::ReserveIds, py::arg("count"),
           "Ids for functions to be registered.")
      .def("register", &PyEngine::Register, py::arg("job_id"),
           py::arg("session"), py::arg("blob"),
           "Commit a session (JSON) atomically; answers the job unless 0.")
      .def("registry", &PyEngine::Registry,
           "Generation, registrations (JSON), sealed sessions (id, blob).")
      .def("log", &PyEngine::LogLine, py::arg("level"), py::arg("text"),
           "Write a line to the log of the Redis server.")
      .def("scan_keys", &PyEngine::ScanKeys, py::arg("pattern"),
           py::arg("count"), "Read all keys that match, on a new connection.")
      .def("check_target", &PyEngine::CheckTarget, py::arg("worker"),
           "Open the target of ``worker`` and close it; its warnings.")
      .def("start_worker", &PyEngine::StartWorker, py::arg("worker"),
           "Start draining a stream.")
      .def("stop_worker", &PyEngine::StopWorker, py::arg("name"),
           py::arg("drain"), py::arg("timeout"),
           "Stop; with ``drain`` only when the backlog is empty.")
      .def("drain_worker", &PyEngine::DrainWorker, py::arg("name"),
           "Have a worker write at once what is captured; False: no such.")
      .def("worker_status", &PyEngine::WorkerStatus,
           "Status JSON by registration name.")
      .def("report", &PyEngine::Report, py::arg("name"), py::arg("status"),
           "Send a status for a registration that has no worker.")
      .def("detach", &PyEngine::Detach,
           "Stop all workers, give the lease back and close. Idempotent.");
}

}  // namespace regear
