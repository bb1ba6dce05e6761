# Helpers that give every target the same flags, so that a folder's CMakeLists.txt is its sources and its dependencies.

add_library(guccho_flags INTERFACE)
target_compile_options(guccho_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  -Wno-missing-field-initializers  # a designated initializer leaves the rest at its default on purpose
  -Werror -fno-omit-frame-pointer)
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

# guccho_library(NAME SOURCES a.cc ... [DEPS lib ...])
function(guccho_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC guccho_flags ${ARG_DEPS})
endfunction()

# guccho_executable(NAME SOURCES a.cc ... [DEPS lib ...])
function(guccho_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE guccho_flags ${ARG_DEPS})
endfunction()

# guccho_test(NAME SOURCES a_test.cc ... [DEPS lib ...]): a GoogleTest binary, registered as one ctest entry.
function(guccho_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE guccho_flags ${ARG_DEPS} GTest::gtest GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name})
endfunction()
