#include "bindings/command_client_binding.h"

#include <chrono>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings/errors.h"
#include "bindings/text.h"
#include "redis/command_client.h"
#include "redis/url.h"

namespace regear {

namespace py = pybind11;

namespace {

// A command of a recipe takes as long as it takes.
constexpr std::chrono::hours kPatience{24 * 365};

// The bytes of a word, which is str or bytes; `copies` keeps those that it
// does not hold itself.
std::string_view BytesOf(py::handle word, std::list<std::string>* copies) {
  if (PyUnicode_Check(word.ptr())) {
    Py_ssize_t size = 0;
    const char* text = PyUnicode_AsUTF8AndSize(word.ptr(), &size);
    if (text != nullptr) return {text, static_cast<size_t>(size)};
    PyErr_Clear();  // it has surrogate escapes
  }
  return copies->emplace_back(FromPython(word));
}

std::string Pack(const py::sequence& commands) {
  std::string packed;
  std::vector<std::string_view> args;
  std::list<std::string> copies;
  for (const py::handle& command : commands) {
    args.clear();
    const auto words = command.cast<py::sequence>();
    for (const py::handle& word : words) args.push_back(BytesOf(word, &copies));
    AppendCommand(args, &packed);
  }
  return packed;
}

// As RedisGears gave replies; an error within one is its text.
py::object ToPythonReply(ReplyView reply) {
  if (reply.is_array()) {
    py::list elements(reply.size());
    for (size_t i = 0; i < reply.size(); ++i) {
      elements[i] = ToPythonReply(reply[i]);
    }
    return elements;
  }
  if (reply.is_integer()) return py::int_(reply.integer());
  if (reply.is_nil()) return py::none();
  return ToPythonValue(reply.text());
}

class PyCommandClient {
 public:
  explicit PyCommandClient(const py::str& url) {
    auto parsed = RedisUrl::Parse(FromPython(url));
    RaiseIfError(parsed.status());
    ConnectionOptions options;
    options.url = *std::move(parsed);
    options.reply_timeout = kPatience;
    client_ = std::make_unique<CommandClient>(std::move(options));
  }

  py::list Call(const py::sequence& commands, bool keep) {
    const std::string packed = Pack(commands);
    const size_t count = py::len(commands);
    auto replies = [&] {
      const py::gil_scoped_release release;
      return client_->Call(packed, count, keep);
    }();
    RaiseIfError(replies.status());
    py::list values(count);
    for (size_t i = 0; i < count; ++i) {
      const ReplyView reply = (*replies)[i].view();
      values[i] = reply.is_error() ? MakeGearsError(reply.text())
                                   : ToPythonReply(reply);
    }
    return values;
  }

  void Close() { client_->Close(); }

 private:
  std::unique_ptr<CommandClient> client_;
};

}  // namespace

void BindCommandClient(py::module_* module) {
  py::class_<PyCommandClient>(*module, "CommandClient",
                              "Redis commands of any number of threads.")
      .def(py::init<const py::str&>(), py::arg("url"))
      .def("call", &PyCommandClient::Call, py::arg("commands"),
           py::arg("keep") = true,
           "Send them at once; their replies, errors as GearsError.")
      .def("close", &PyCommandClient::Close, "Close what is idle.");
}

}  // namespace regear
