# The third-party libraries of the adapters, as Debian 12 packages them (tools/packages.txt). Each adapter's are
# one target, which is not made where something is missing: ringcache_layer() then switches the adapter off.
# The installed package finds them with this same file.

# ringcache_off(TARGET what [package]): says why the target is not made.
function(ringcache_off target what)
  if(NOT ringcache_FIND_QUIETLY)
    message(NOTICE "ringcache: no ${target}: ${what} not found (Debian: ${ARGN})")
  endif()
endfunction()

find_package(PkgConfig QUIET)

# Boost.Asio and Boost.Beast are headers; several Boost versions may be installed, 1.81 is ours.
find_package(Boost 1.81 QUIET)
if(NOT Boost_FOUND)
  ringcache_off(ringcache_asio_libs "Boost 1.81" libboost1.81-dev)
elseif(NOT TARGET ringcache_asio_libs)
  add_library(ringcache_asio_libs INTERFACE IMPORTED GLOBAL)
  target_link_libraries(ringcache_asio_libs INTERFACE Boost::headers)
endif()

if(PkgConfig_FOUND)
  pkg_check_modules(RINGCACHE_GRPC QUIET IMPORTED_TARGET GLOBAL grpc++ protobuf)
endif()
find_program(RINGCACHE_PROTOC protoc)
find_program(RINGCACHE_GRPC_PLUGIN grpc_cpp_plugin)
find_library(RINGCACHE_GRPC_REFLECTION grpc++_reflection)
if(NOT RINGCACHE_GRPC_FOUND OR NOT RINGCACHE_GRPC_REFLECTION OR NOT RINGCACHE_PROTOC OR NOT RINGCACHE_GRPC_PLUGIN)
  ringcache_off(ringcache_grpc_libs "gRPC with its compiler plug-in"
    libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc)
elseif(NOT TARGET ringcache_grpc_libs)
  add_library(ringcache_grpc_libs INTERFACE IMPORTED GLOBAL)
  # Reflection registers itself in a static constructor, so the linker must be told to keep it.
  target_link_libraries(ringcache_grpc_libs INTERFACE
    -Wl,--push-state,--no-as-needed ${RINGCACHE_GRPC_REFLECTION} -Wl,--pop-state PkgConfig::RINGCACHE_GRPC)
endif()

if(PkgConfig_FOUND)
  pkg_check_modules(RINGCACHE_DATABASES QUIET IMPORTED_TARGET GLOBAL sqlite3 libmariadb libpq)
endif()
if(NOT RINGCACHE_DATABASES_FOUND)
  ringcache_off(ringcache_database_libs "the clients of SQLite, MariaDB and PostgreSQL"
    libsqlite3-dev libmariadb-dev libpq-dev)
elseif(NOT TARGET ringcache_database_libs)
  add_library(ringcache_database_libs INTERFACE IMPORTED GLOBAL)
  target_link_libraries(ringcache_database_libs INTERFACE PkgConfig::RINGCACHE_DATABASES)
endif()

find_package(yaml-cpp QUIET)
find_package(nlohmann_json QUIET)
find_package(spdlog QUIET)

# What the programs need beside the library.
find_package(CLI11 QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(RINGCACHE_HTTPLIB QUIET IMPORTED_TARGET GLOBAL cpp-httplib)
endif()
find_package(LibLZMA QUIET)
find_package(ZLIB QUIET)
