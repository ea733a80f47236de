# The third-party libraries of the adapters, as Debian 12 packages them; tools/packages lists the packages.
find_package(PkgConfig REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)

# Boost.Asio and Boost.Beast are headers; several Boost versions may be installed, 1.81 is ours.
find_package(Boost 1.81 REQUIRED)
add_library(ringcache_asio_libs INTERFACE)
target_link_libraries(ringcache_asio_libs INTERFACE Boost::headers)

pkg_check_modules(GRPC REQUIRED IMPORTED_TARGET grpc++ protobuf)
find_program(RINGCACHE_PROTOC protoc REQUIRED)
find_program(RINGCACHE_GRPC_PLUGIN grpc_cpp_plugin REQUIRED)
find_library(RINGCACHE_GRPC_REFLECTION grpc++_reflection REQUIRED)
add_library(ringcache_grpc_libs INTERFACE)
target_link_libraries(ringcache_grpc_libs INTERFACE
  -Wl,--push-state,--no-as-needed ${RINGCACHE_GRPC_REFLECTION} -Wl,--pop-state PkgConfig::GRPC)

# Debian's libsoci-dev has no CMake or pkg-config file.
find_path(RINGCACHE_SOCI_INCLUDE soci/soci.h REQUIRED)
find_library(RINGCACHE_SOCI_CORE soci_core REQUIRED)
find_library(RINGCACHE_SOCI_SQLITE soci_sqlite3 REQUIRED)
find_package(SQLite3 REQUIRED)
add_library(ringcache_soci_libs INTERFACE)
target_include_directories(ringcache_soci_libs SYSTEM INTERFACE ${RINGCACHE_SOCI_INCLUDE})
target_link_libraries(ringcache_soci_libs INTERFACE
  ${RINGCACHE_SOCI_SQLITE} ${RINGCACHE_SOCI_CORE} SQLite::SQLite3)
