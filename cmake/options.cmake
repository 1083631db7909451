# Language, warnings and instrumentation: the same for every target.
option(SLATE_FUZZ "Build the fuzzers (clang only)" OFF)
set(SLATE_SANITIZE "" CACHE STRING "Sanitizers to build with: address,undefined or thread")
option(SLATE_COVERAGE "Instrument for gcov" OFF)

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(SLATE_CCACHE ccache)
if(SLATE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${SLATE_CCACHE}")
endif()
find_program(SLATE_MOLD mold)
if(SLATE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(slate_options INTERFACE)
target_compile_options(slate_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wno-missing-field-initializers -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports overlaps in std::string that are not there (GCC bug 105329).
  target_compile_options(slate_options INTERFACE -Wno-restrict)
else()
  # libstdc++ 12 uses inside stable_sort and stable_partition what it declares deprecated.
  target_compile_options(slate_options INTERFACE -Wno-deprecated-declarations)
endif()
target_include_directories(slate_options INTERFACE
  "${CMAKE_SOURCE_DIR}/include" "${CMAKE_SOURCE_DIR}/src")

if(SLATE_SANITIZE)
  add_compile_options(-fsanitize=${SLATE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SLATE_SANITIZE})
endif()
if(SLATE_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
if(SLATE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
