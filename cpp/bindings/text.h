// Text between Python and C++. Redis holds bytes: what is not UTF-8 crosses
// as surrogate escapes, so that it comes back as the same bytes.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <string_view>

namespace regear {

// The GIL must be held. Throw pybind11::error_already_set.
pybind11::str ToPython(std::string_view bytes);
// What functions get of a value: str, or a bytearray of what is not UTF-8.
pybind11::object ToPythonValue(std::string_view bytes);
// `value` is str or bytes; any other object gives its str().
std::string FromPython(pybind11::handle value);

}  // namespace regear
