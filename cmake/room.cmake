# A room is one static library in one folder, with its sources listed and its dependencies written out.
#
#   slate_room(model
#     SOURCES  datasource.cc list_view.cc
#     ROOMS    base                 # rooms it may include (checked by tools/check_includes.py)
#     LIBS     Boost::json          # libraries its sources use
#     TESTS    datasource_test.cc   # gtest sources, built into <room>_test
#     FUZZERS  yaml_fuzz.cc         # one libFuzzer program each
#     BENCHES  block_bench.cc)      # Google Benchmark sources, built into <room>_bench
function(slate_room room)
  cmake_parse_arguments(arg "" "" "SOURCES;ROOMS;LIBS;TESTS;TEST_LIBS;FUZZERS;BENCHES" ${ARGN})
  list(TRANSFORM arg_ROOMS PREPEND slate_)
  set(target slate_${room})
  add_library(${target} STATIC ${arg_SOURCES})
  target_link_libraries(${target} PUBLIC ${arg_ROOMS} PRIVATE slate_options ${arg_LIBS})
  target_include_directories(${target} PUBLIC "${CMAKE_SOURCE_DIR}/include" "${CMAKE_SOURCE_DIR}/src")
  if(arg_TESTS AND BUILD_TESTING)
    slate_test(${room}_test SOURCES ${arg_TESTS} LIBS ${target} ${arg_LIBS} ${arg_TEST_LIBS})
  endif()
  if(SLATE_FUZZ)
    foreach(source ${arg_FUZZERS})
      get_filename_component(name ${source} NAME_WE)
      add_executable(${name} ${source})
      target_link_libraries(${name} PRIVATE slate_options ${target} ${arg_LIBS})
      target_link_options(${name} PRIVATE -fsanitize=fuzzer)
      set_property(GLOBAL APPEND PROPERTY SLATE_FUZZERS ${name})
    endforeach()
  endif()
  if(arg_BENCHES)
    find_package(benchmark REQUIRED)
    add_executable(${room}_bench EXCLUDE_FROM_ALL ${arg_BENCHES})
    target_link_libraries(${room}_bench PRIVATE slate_options ${target} ${arg_LIBS} benchmark::benchmark_main)
  endif()
endfunction()

# The test programs of what runs on several threads: ThreadSanitizer runs these (label and target below).
set(SLATE_CONCURRENT_TESTS
  storage_test exec_test db_test loader_test lists_test net_test server_test client_test http_test api_test scope_test
  remote_test parity_test)
add_custom_target(concurrent_tests)
# Those that run the program, and the program's own: at night (./dev races), as the
# program alone takes minutes to build again.
set(SLATE_PROGRAM_TESTS
  cli_test serve_test api_process_test db_process_test refresh_process_test security_test)
add_custom_target(program_tests)

# A gtest program, one test of ctest. Of those with a higher COST the run begins earlier.
function(slate_test name)
  cmake_parse_arguments(arg "" "TIMEOUT;COST" "SOURCES;LIBS;LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 600)
  endif()
  if(NOT arg_COST)
    set(arg_COST 1)
  endif()
  add_executable(${name} ${arg_SOURCES})
  if(name IN_LIST SLATE_CONCURRENT_TESTS)
    list(APPEND arg_LABELS concurrent)
    add_dependencies(concurrent_tests ${name})
  endif()
  if(name IN_LIST SLATE_PROGRAM_TESTS)
    list(APPEND arg_LABELS program)
    add_dependencies(program_tests ${name})
  endif()
  target_link_libraries(${name} PRIVATE slate_options ${arg_LIBS} GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE SLATE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} COST ${arg_COST} LABELS "${arg_LABELS}")
endfunction()

# Builds every fuzzer and lists them for ./dev fuzz: name, program, folder of the seed corpus. Call it last.
function(slate_fuzzers_target)
  get_property(fuzzers GLOBAL PROPERTY SLATE_FUZZERS)
  add_custom_target(fuzzers DEPENDS ${fuzzers})
  set(lines "")
  foreach(fuzzer ${fuzzers})
    get_target_property(folder ${fuzzer} SOURCE_DIR)
    string(REGEX REPLACE "_fuzz$" "" corpus ${fuzzer})
    string(APPEND lines "${fuzzer} $<TARGET_FILE:${fuzzer}> ${folder}/corpus/${corpus}\n")
  endforeach()
  file(GENERATE OUTPUT "${CMAKE_BINARY_DIR}/fuzzers.txt" CONTENT "${lines}")
endfunction()
