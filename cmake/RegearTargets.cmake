# How the targets of this project are compiled.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# Redis loads only modules that are executable; CMake on Debian drops that.
set(CMAKE_INSTALL_SO_NO_EXE OFF)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# Warnings, sanitizers and the include root cpp/ for `target`.
function(regear_compile_options target)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/cpp)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Werror)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_options(${target} PRIVATE -Wthread-safety)
  endif()
  if(REGEAR_FAIL_POINTS)
    target_compile_definitions(${target} PRIVATE REGEAR_FAIL_POINTS)
  endif()
  if(REGEAR_SANITIZE)
    target_compile_options(${target} PRIVATE
      -fsanitize=${REGEAR_SANITIZE} -fno-omit-frame-pointer
      -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=${REGEAR_SANITIZE})
  endif()
endfunction()

# A static library regear_NAME, known to others as regear::NAME.
function(regear_library target)
  regear_compile_options(${target})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/cpp)
  string(REPLACE "regear_" "regear::" alias ${target})
  add_library(${alias} ALIAS ${target})
endfunction()
