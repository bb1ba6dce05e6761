# Helpers that give every target the same flags, so that a folder's CMakeLists.txt is its sources and its dependencies.

add_library(guccho_flags INTERFACE)
target_compile_options(guccho_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  -Wno-missing-field-initializers  # a designated initializer leaves the rest at its default on purpose
  -Werror -fno-omit-frame-pointer
  -pthread)  # some of the libraries that we use ask for it, and a precompiled header is good for one set of macros only
target_include_directories(guccho_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(guccho_flags INTERFACE GUCCHO_VERSION="${PROJECT_VERSION}")
if(GUCCHO_SANITIZE)
  target_compile_options(guccho_flags INTERFACE -fsanitize=${GUCCHO_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(guccho_flags INTERFACE -fsanitize=${GUCCHO_SANITIZE})
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Only for fuzzing; which warnings there are is g++'s to say.
  target_compile_options(guccho_flags INTERFACE -Wno-error)
elseif(GUCCHO_SANITIZE)
  # g++ 12 takes instrumented code of <regex> and <functional> for uses of uninitialized values.
  target_compile_options(guccho_flags INTERFACE -Wno-maybe-uninitialized)
endif()

# Parsing the standard library takes three quarters of the time of an ordinary file, so it is parsed once. g++ 12 crashes on
# a precompiled header that was made at another level of optimization, which the dev preset has for the simulator: there, a
# file that includes less than it uses does not compile.
set(GUCCHO_STANDARD_HEADERS
  <algorithm> <array> <atomic> <bit> <charconv> <chrono> <compare> <concepts> <cstddef> <cstdint> <cstring> <deque> <expected>
  <functional> <initializer_list> <limits> <map> <memory> <mutex> <optional> <set> <span> <string> <string_view> <tuple>
  <type_traits> <unordered_map> <unordered_set> <utility> <variant> <vector>)
if(NOT GUCCHO_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  function(guccho_precompile name header)
  endfunction()
else()
  function(guccho_precompile name header)
    # g++ 12 forgets that what it precompiled is the system's, and warns of operator+ of strings.
    target_compile_options(${name} PRIVATE -Winvalid-pch $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds>)
    if(GUCCHO_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${name} PRIVATE -Wno-stringop-overflow)  # the same, in instrumented code
    endif()
    target_precompile_headers(${name} REUSE_FROM ${header})
  endfunction()
  set(GUCCHO_EMPTY_SOURCE ${CMAKE_BINARY_DIR}/empty.cc)
  file(CONFIGURE OUTPUT ${GUCCHO_EMPTY_SOURCE} CONTENT "")  # touched only when it is new
  add_library(guccho_standard OBJECT ${GUCCHO_EMPTY_SOURCE})
  target_link_libraries(guccho_standard PRIVATE guccho_flags)
  target_precompile_headers(guccho_standard PRIVATE ${GUCCHO_STANDARD_HEADERS})
endif()

# Once GTest is found.
function(guccho_precompiled_gtest)
  if(TARGET guccho_standard)
    add_library(guccho_standard_and_gtest OBJECT ${GUCCHO_EMPTY_SOURCE})
    target_link_libraries(guccho_standard_and_gtest PRIVATE guccho_flags GTest::gtest GTest::gmock)
    target_precompile_headers(guccho_standard_and_gtest PRIVATE ${GUCCHO_STANDARD_HEADERS} <gtest/gtest.h> <gmock/gmock.h>)
  endif()
endfunction()

# guccho_library(NAME SOURCES a.cc ... [DEPS lib ...])
function(guccho_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC guccho_flags ${ARG_DEPS})
  guccho_precompile(${name} guccho_standard)
endfunction()

# guccho_executable(NAME SOURCES a.cc ... [DEPS lib ...])
function(guccho_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE guccho_flags ${ARG_DEPS})
  guccho_precompile(${name} guccho_standard)
endfunction()

# guccho_test(NAME SOURCES a_test.cc ... [DEPS lib ...]): a GoogleTest binary, registered as one ctest entry.
function(guccho_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE guccho_flags ${ARG_DEPS} GTest::gtest GTest::gmock GTest::gtest_main)
  guccho_precompile(${name} guccho_standard_and_gtest)
  target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow>)  # see guccho_precompile
  add_test(NAME ${name} COMMAND ${name})
endfunction()
