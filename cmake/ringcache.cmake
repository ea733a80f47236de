# One function for each kind of thing we build: the root CMakeLists.txt says what, this file says how.

option(RINGCACHE_ADAPTERS "Build the adapters (http, grpc, etcd, sql) and the programs" ON)
option(RINGCACHE_PROGRAMS "Build ringcached and ringcache" ${PROJECT_IS_TOP_LEVEL})
option(RINGCACHE_TESTS "Build the tests, benches and examples" ${PROJECT_IS_TOP_LEVEL})
option(RINGCACHE_INSTALL "Install the library and the programs" ${PROJECT_IS_TOP_LEVEL})

# Faster builds where ccache is there; nothing changes where it is not. (Not mold: Debian 12's 1.10.1 lays out some
# binaries with a thread-local variable so that the loader refuses them.)
# It is told what it must not look at to keep also what is compiled with a precompiled header.
find_program(RINGCACHE_CCACHE ccache)
if(RINGCACHE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${RINGCACHE_CCACHE})
endif()

if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_CXX_EXTENSIONS OFF)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endif()

set(RINGCACHE_SANITIZED OFF)
if(CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  set(RINGCACHE_SANITIZED ON)
endif()

find_package(Threads REQUIRED)
add_library(ringcache_flags INTERFACE)
target_compile_options(ringcache_flags INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wpedantic -Wnon-virtual-dtor -Wno-missing-field-initializers
  -Werror=unused-result -Werror=return-type)

# ringcache_optimise(TARGET LEVEL): optimises what is hot also in a debug build.
function(ringcache_optimise target level)
  if(TARGET ${target})
    target_compile_options(${target} PRIVATE $<$<CONFIG:Debug>:${level}>)
  endif()
endfunction()

# ringcache_missing(OUT target …): the first of these targets that does not exist, or "".
function(ringcache_missing out)
  set(${out} "" PARENT_SCOPE)
  foreach(target IN LISTS ARGN)
    if(NOT TARGET ${target})
      set(${out} ${target} PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

# ringcache_layer(NAME [FOLDER src/NAME] HEADERS a.h … [DEPENDS layer …] [PRIVATE target …])
# A library ringcache::NAME of every .cc under its folder, with its public headers (each must compile alone).
# Switched off, with a line that says so, where something it needs is not here.
function(ringcache_layer name)
  cmake_parse_arguments(arg "" "FOLDER" "HEADERS;DEPENDS;PRIVATE" ${ARGN})
  if(NOT arg_FOLDER)
    set(arg_FOLDER src/${name})
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${arg_FOLDER}/*.cc)
  if(NOT sources)
    return()
  endif()
  list(TRANSFORM arg_HEADERS PREPEND include/ringcache/)
  list(TRANSFORM arg_DEPENDS PREPEND ringcache::)
  ringcache_missing(missing ${arg_DEPENDS} ${arg_PRIVATE})
  if(missing)
    message(NOTICE "ringcache: ${name} is off: it needs ${missing}")
    return()
  endif()
  add_library(ringcache_${name})
  add_library(ringcache::${name} ALIAS ringcache_${name})
  target_sources(ringcache_${name} PRIVATE ${sources}
    PUBLIC FILE_SET HEADERS BASE_DIRS include FILES ${arg_HEADERS})
  target_include_directories(ringcache_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_compile_features(ringcache_${name} PUBLIC cxx_std_23)
  target_compile_definitions(ringcache_${name} PRIVATE RINGCACHE_VERSION="${PROJECT_VERSION}")
  target_link_libraries(ringcache_${name} PUBLIC ${arg_DEPENDS}
    PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:ringcache_flags>)
  set_target_properties(ringcache_${name} PROPERTIES
    EXPORT_NAME ${name} CXX_EXTENSIONS OFF VERIFY_INTERFACE_HEADER_SETS ON)
  set_property(GLOBAL APPEND PROPERTY ringcache_layers ${name})
endfunction()

# ringcache_test_headers(TARGET): precompiles what nearly every test includes, a fifth to a half of a test's compile
# time; the first target does it for all. A test still includes what it uses.
function(ringcache_test_headers target)
  get_property(first GLOBAL PROPERTY ringcache_test_headers)
  if(first)
    target_precompile_headers(${target} REUSE_FROM ${first})
    return()
  endif()
  set_property(GLOBAL PROPERTY ringcache_test_headers ${target})
  target_precompile_headers(${target} PRIVATE <gtest/gtest.h> <algorithm> <atomic> <functional> <future> <map> <memory>
    <random> <set> <string> <thread> <vector> <ringcache/scheduler.h> <ringcache/store.h>)
endfunction()

# ringcache_tests(LAYER [WHOLE] [HOT] [FOLDER tests/unit/LAYER] [DEPENDS target …]): one gtest binary LAYER_test of every
# *_test.cc in the folder; no such tests where the layer is off. WHOLE: one test of CTest, as its cases share servers.
# HOT: what takes long is in the tests themselves, so that they are optimised also in a debug build. What is tested is
# optimised as ever; the tests around it compile a fifth faster with less.
function(ringcache_tests layer)
  cmake_parse_arguments(arg "WHOLE;HOT" "FOLDER" "DEPENDS" ${ARGN})
  if(NOT arg_FOLDER)
    set(arg_FOLDER tests/unit/${layer})
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${arg_FOLDER}/*_test.cc)
  ringcache_missing(missing ${arg_DEPENDS})
  if(missing OR NOT sources)
    return()
  endif()
  add_executable(${layer}_test ${sources})
  target_include_directories(${layer}_test PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${layer}_test PRIVATE ${arg_DEPENDS} ringcache_flags GTest::gtest_main)
  target_compile_definitions(${layer}_test PRIVATE
    RINGCACHE_SOURCE_DIR="${PROJECT_SOURCE_DIR}" RINGCACHE_VERSION="${PROJECT_VERSION}")
  if(arg_HOT)
    ringcache_optimise(${layer}_test -O1)
  else()
    target_compile_options(${layer}_test PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)
    ringcache_test_headers(${layer}_test)
  endif()
  if(RINGCACHE_SANITIZED)
    # Compiles in a third of the time; what is tested stays as it is.
    target_compile_options(${layer}_test PRIVATE -fno-sanitize=undefined)
  endif()
  if(arg_WHOLE)
    add_test(NAME ${layer} COMMAND ${layer}_test)
    set_tests_properties(${layer} PROPERTIES LABELS unit TIMEOUT 900 COST 200)
    return()
  endif()
  gtest_discover_tests(${layer}_test DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120 LABELS unit)
endfunction()

# ringcache_proto(TARGET FILE.proto …): an object library of the generated messages and gRPC stubs; include
# them as "FILE.grpc.pb.h". Its warnings are not ours, and sanitizers, with which it compiles three times as long, have
# nothing to find in it.
function(ringcache_proto target)
  ringcache_missing(missing ringcache_grpc_libs)
  if(missing)
    return()
  endif()
  set(out ${PROJECT_BINARY_DIR}/generated/${target})
  file(MAKE_DIRECTORY ${out})
  foreach(file IN LISTS ARGN)
    get_filename_component(folder ${PROJECT_SOURCE_DIR}/${file} DIRECTORY)
    get_filename_component(stem ${file} NAME_WE)
    set(generated ${out}/${stem}.pb.cc ${out}/${stem}.pb.h ${out}/${stem}.grpc.pb.cc ${out}/${stem}.grpc.pb.h)
    add_custom_command(OUTPUT ${generated}
      COMMAND ${RINGCACHE_PROTOC} -I ${folder} --cpp_out=${out} --grpc_out=${out}
        --plugin=protoc-gen-grpc=${RINGCACHE_GRPC_PLUGIN} ${PROJECT_SOURCE_DIR}/${file}
      DEPENDS ${PROJECT_SOURCE_DIR}/${file} VERBATIM)
    list(APPEND sources ${generated})
  endforeach()
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} SYSTEM PUBLIC $<BUILD_INTERFACE:${out}>)
  target_link_libraries(${target} PUBLIC ringcache_grpc_libs)
  target_compile_features(${target} PUBLIC cxx_std_23)
  target_compile_options(${target} PRIVATE -fno-sanitize=all)
endfunction()

# ringcache_part(NAME FOLDER folder LINKS target …): a part of a program that has tests of its own, as the
# library ringcache_NAME of every .cc in the folder; its headers are included as "NAME/x.h".
function(ringcache_part name)
  cmake_parse_arguments(arg "" "FOLDER" "LINKS" ${ARGN})
  ringcache_missing(missing ${arg_LINKS})
  if(missing)
    message(NOTICE "ringcache: no ${name}: it needs ${missing}")
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${arg_FOLDER}/*.cc)
  get_filename_component(parent ${PROJECT_SOURCE_DIR}/${arg_FOLDER} DIRECTORY)
  add_library(ringcache_${name} STATIC ${sources})
  target_include_directories(ringcache_${name} PUBLIC ${parent})
  target_link_libraries(ringcache_${name} PUBLIC ${arg_LINKS} PRIVATE ringcache_flags)
endfunction()

# ringcache_program(NAME [FOLDER apps/NAME] LINKS target …): the program bin/NAME of every .cc in its folder.
# The target `programs` builds them all.
function(ringcache_program name)
  cmake_parse_arguments(arg "" "FOLDER" "LINKS" ${ARGN})
  if(NOT arg_FOLDER)
    set(arg_FOLDER apps/${name})
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${arg_FOLDER}/*.cc)
  ringcache_missing(missing ${arg_LINKS})
  if(missing OR NOT sources)
    message(NOTICE "ringcache: no program ${name}: it needs ${missing}")
    return()
  endif()
  add_executable(${name} ${sources})
  # Each file of the command line would read CLI11 anew, which takes three times as long as the file itself.
  set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
  target_link_libraries(${name} PRIVATE ${arg_LINKS} ringcache_flags)
  target_compile_definitions(${name} PRIVATE RINGCACHE_VERSION="${PROJECT_VERSION}")
  if(NOT TARGET programs)
    add_custom_target(programs)
  endif()
  add_dependencies(programs ${name})
  if(RINGCACHE_INSTALL)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endfunction()

# ringcache_examples(LINKS target … EXAMPLES file.cc …): each example is built, and run as a test.
function(ringcache_examples)
  cmake_parse_arguments(arg "" "" "LINKS;EXAMPLES" ${ARGN})
  ringcache_missing(missing ${arg_LINKS})
  if(missing)
    return()
  endif()
  foreach(file IN LISTS arg_EXAMPLES)
    get_filename_component(stem ${file} NAME_WE)
    add_executable(example_${stem} ${PROJECT_SOURCE_DIR}/examples/${file})
    target_link_libraries(example_${stem} PRIVATE ${arg_LINKS} ringcache_flags)
    add_test(NAME example.${stem} COMMAND example_${stem})
    set_tests_properties(example.${stem} PROPERTIES LABELS example TIMEOUT 60)
  endforeach()
endfunction()

# ringcache_application(NAME FILE.proto LINKS target …): the example of an application examples/NAME, its own service
# over its own messages: the programs NAME_server (of server.cc and service.cc) and NAME_client (of client.cc).
function(ringcache_application name proto)
  cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
  ringcache_missing(missing ringcache_grpc_libs ${arg_LINKS})
  if(missing)
    message(NOTICE "ringcache: no example ${name}: it needs ${missing}")
    return()
  endif()
  set(folder ${PROJECT_SOURCE_DIR}/examples/${name})
  ringcache_proto(ringcache_${name}_protos examples/${name}/${proto})
  add_executable(${name}_server ${folder}/server.cc ${folder}/service.cc)
  add_executable(${name}_client ${folder}/client.cc)
  foreach(program IN ITEMS ${name}_server ${name}_client)
    target_link_libraries(${program} PRIVATE ringcache_${name}_protos ${arg_LINKS} ringcache_flags)
  endforeach()
endfunction()

# ringcache_benches(FOLDER LINKS target …): one google-benchmark binary of every *_bench.cc in the folder; the
# target `benches` builds them all, no test runs them. All is built with the tests, so that none falls behind, but for
# sanitizers.
function(ringcache_benches folder)
  cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*_bench.cc)
  find_package(benchmark QUIET)
  ringcache_missing(missing benchmark::benchmark_main ${arg_LINKS})
  if(NOT TARGET benches)
    add_custom_target(benches)
  endif()
  foreach(source IN LISTS sources)
    get_filename_component(stem ${source} NAME_WE)
    if(missing)
      message(NOTICE "ringcache: ${stem} is off: it needs ${missing}")
      continue()
    endif()
    add_executable(${stem} ${source})
    set_target_properties(${stem} PROPERTIES EXCLUDE_FROM_ALL ${RINGCACHE_SANITIZED})
    target_include_directories(${stem} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(${stem} PRIVATE ${arg_LINKS} ringcache_flags benchmark::benchmark_main)
    add_dependencies(benches ${stem})
  endforeach()
endfunction()

# ringcache_load_bench(NAME LINKS target …): the program bench/load/NAME.cc, which a script beside it puts under
# load; built with the target `benches`.
function(ringcache_load_bench name)
  cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
  ringcache_missing(missing ${arg_LINKS})
  if(missing)
    return()
  endif()
  add_executable(${name} EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/bench/load/${name}.cc)
  target_link_libraries(${name} PRIVATE ${arg_LINKS} ringcache_flags)
  add_dependencies(benches ${name})
endfunction()

# ringcache_soak(NAME LINKS target …): the program tests/soak/NAME.cc, whose first argument is for how many seconds it
# runs; as a test, for a few. `make soak` runs it for long. Not for sanitizers: it measures memory, of which they take
# their own.
function(ringcache_soak name)
  cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
  add_executable(${name} ${PROJECT_SOURCE_DIR}/tests/soak/${name}.cc)
  target_link_libraries(${name} PRIVATE ${arg_LINKS} ringcache_flags)
  foreach(sizes IN ITEMS log small)
    add_test(NAME soak.${name}.${sizes} COMMAND ${name} 8 256 auto ${sizes})
    set_tests_properties(soak.${name}.${sizes} PROPERTIES LABELS soak TIMEOUT 120)
  endforeach()
endfunction()

# ringcache_rival(NAME LINKS target …): the program rival_NAME of bench/rivals/NAME.cc, which bench/rivals/run.py runs;
# the target `rivals` builds them all.
function(ringcache_rival name)
  cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
  if(NOT TARGET rivals)
    add_custom_target(rivals)
  endif()
  ringcache_missing(missing ${arg_LINKS})
  if(missing)
    message(STATUS "ringcache: rival ${name} is off: it needs ${missing}")
    return()
  endif()
  add_executable(rival_${name} EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/bench/rivals/${name}.cc)
  target_link_libraries(rival_${name} PRIVATE ${arg_LINKS} ringcache_flags)
  add_dependencies(rivals rival_${name})
endfunction()

# ringcache_python_tests(NAME folder): every *_test.py of the folder, by Python's own unittest.
function(ringcache_python_tests name folder)
  add_test(NAME ${name} COMMAND ${RINGCACHE_PYTHON} -B -m unittest discover -s ${folder} -p *_test.py
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS house TIMEOUT 120)
endfunction()

# ringcache_system_tests([ALONE] NAME …): tests/system/NAME_test.py, each a test system.NAME of its own against the
# built programs. ALONE: with both cores to itself. They start first (COST): most of their time is waiting.
function(ringcache_system_tests)
  cmake_parse_arguments(arg "ALONE" "" "" ${ARGN})
  foreach(name IN LISTS arg_UNPARSED_ARGUMENTS)
    add_test(NAME system.${name} COMMAND ${RINGCACHE_PYTHON} -B -m unittest -v ${name}_test
      WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/tests/system)
    set_tests_properties(system.${name} PROPERTIES LABELS system TIMEOUT 300 RUN_SERIAL ${arg_ALONE} COST 100
      ENVIRONMENT RINGCACHE_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
  endforeach()
endfunction()

# ringcache_check(NAME): tools/check_NAME.py over the tree, as the test NAME.
function(ringcache_check name)
  add_test(NAME ${name} COMMAND ${RINGCACHE_PYTHON} -B tools/check_${name}.py
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS house TIMEOUT 120)
endfunction()

# ringcache_links(TARGETS NEEDS target): splits what the target links into what we make for it alone (generated
# messages, which are installed with it) and all else that must exist before it.
function(ringcache_links out_targets out_needs target)
  get_target_property(links ${target} LINK_LIBRARIES)
  list(FILTER links EXCLUDE REGEX "^[$-]|NOTFOUND$")
  set(targets ${target})
  set(needs "")
  foreach(link IN LISTS links)
    if(link MATCHES "^ringcache_.*_protos$")
      ringcache_links(inner_targets inner_needs ${link})
      list(APPEND targets ${inner_targets})
      list(APPEND needs ${inner_needs})
    else()
      list(APPEND needs ${link})
    endif()
  endforeach()
  set(${out_targets} ${targets} PARENT_SCOPE)
  set(${out_needs} ${needs} PARENT_SCOPE)
endfunction()

# ringcache_install(): headers, libraries and the CMake package, one export set for each layer, so that who wants
# the core alone needs nobody's libraries. Call it after the last layer.
function(ringcache_install)
  include(CMakePackageConfigHelpers)
  set(package ${CMAKE_INSTALL_LIBDIR}/cmake/ringcache)
  get_property(ringcache_layers GLOBAL PROPERTY ringcache_layers)
  foreach(layer IN LISTS ringcache_layers)
    ringcache_links(targets needs ringcache_${layer})
    string(APPEND ringcache_needs "set(ringcache_${layer}_needs ${needs})\n")
    install(TARGETS ${targets} EXPORT ringcache-${layer} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
      LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
    install(EXPORT ringcache-${layer} NAMESPACE ringcache:: DESTINATION ${package})
  endforeach()
  configure_package_config_file(cmake/ringcacheConfig.cmake.in ringcacheConfig.cmake
    INSTALL_DESTINATION ${package} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
  write_basic_package_version_file(ringcacheConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/ringcacheConfig.cmake ${PROJECT_BINARY_DIR}/ringcacheConfigVersion.cmake
    cmake/dependencies.cmake DESTINATION ${package})
endfunction()

# ringcache_consumer_test(): a project outside uses what we install and what we are; every public header compiles alone.
function(ringcache_consumer_test)
  add_test(NAME headers COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} --target all_verify_interface_header_sets)
  add_test(NAME consumer COMMAND ${PROJECT_SOURCE_DIR}/tests/consumer/run.sh ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}
    -DCMAKE_BUILD_TYPE=${CMAKE_BUILD_TYPE} "-DCMAKE_CXX_FLAGS=${CMAKE_CXX_FLAGS}"
    "-DCMAKE_CXX_FLAGS_DEBUG=${CMAKE_CXX_FLAGS_DEBUG}"
    "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")
  set_tests_properties(headers consumer PROPERTIES LABELS consumer TIMEOUT 600)
endfunction()
