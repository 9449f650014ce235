/* A stand-in libcuda.so.1: the documented calls of the CUDA driver API that tell what is there, and no more.
 *
 * Its answers come from the file that STANDIN_CUDA names; see README.md. Without one it is a driver without a GPU.
 */
#include "standin.h"

#define FILE_OF "STANDIN_CUDA"
#define CUDA_SUCCESS 0
#define CUDA_ERROR_INVALID_VALUE 1
#define CUDA_ERROR_NOT_INITIALIZED 3
#define CUDA_ERROR_NO_DEVICE 100
#define CUDA_ERROR_INVALID_DEVICE 101
#define COMPUTE_CAPABILITY_MAJOR 75
#define COMPUTE_CAPABILITY_MINOR 76

static int initialised;

__attribute__((constructor)) static void loaded(void)
{
    standin_misbehave(FILE_OF, "load");
}

static int checked(int device)
{
    if (!initialised)
        return CUDA_ERROR_NOT_INITIALIZED;
    return device >= 0 && device < standin_count(FILE_OF, "device") ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

int cuInit(unsigned flags)
{
    int code = (int)standin_number(FILE_OF, "cuInit", standin_count(FILE_OF, "device") ? CUDA_SUCCESS : CUDA_ERROR_NO_DEVICE);
    standin_misbehave(FILE_OF, "cuInit");
    if (flags)
        return CUDA_ERROR_INVALID_VALUE;
    initialised = code == CUDA_SUCCESS;
    return code;
}

int cuDriverGetVersion(int *version)
{
    standin_misbehave(FILE_OF, "cuDriverGetVersion");
    *version = (int)standin_number(FILE_OF, "version", 12040);
    return (int)standin_number(FILE_OF, "cuDriverGetVersion", CUDA_SUCCESS);
}

int cuDeviceGetCount(int *count)
{
    standin_misbehave(FILE_OF, "cuDeviceGetCount");
    if (!initialised)
        return CUDA_ERROR_NOT_INITIALIZED;
    *count = standin_count(FILE_OF, "device");
    return CUDA_SUCCESS;
}

int cuDeviceGet(int *device, int ordinal)
{
    int code = checked(ordinal);
    standin_misbehave(FILE_OF, "cuDeviceGet");
    *device = ordinal;
    return code;
}

int cuDeviceGetName(char *name, int size, int device)
{
    int code = checked(device);
    if (code)
        return code;
    return standin_device_text(FILE_OF, "device", device, "name", name, (size_t)size) ? CUDA_ERROR_INVALID_DEVICE : CUDA_SUCCESS;
}

int cuDeviceGetAttribute(int *value, int attribute, int device)
{
    char text[32];
    int code = checked(device), major = 0, minor = 0;
    if (code)
        return code;
    if (attribute != COMPUTE_CAPABILITY_MAJOR && attribute != COMPUTE_CAPABILITY_MINOR)
        return CUDA_ERROR_INVALID_VALUE;
    if (standin_device_text(FILE_OF, "device", device, "cc", text, sizeof text) || sscanf(text, "%d.%d", &major, &minor) != 2)
        return CUDA_ERROR_INVALID_VALUE;
    *value = attribute == COMPUTE_CAPABILITY_MAJOR ? major : minor;
    return CUDA_SUCCESS;
}

int cuDeviceTotalMem_v2(size_t *bytes, int device)
{
    char text[32];
    int code = checked(device);
    if (code)
        return code;
    if (standin_device_text(FILE_OF, "device", device, "memory_mib", text, sizeof text))
        return CUDA_ERROR_INVALID_VALUE;
    *bytes = (size_t)strtoull(text, NULL, 10) << 20;
    return CUDA_SUCCESS;
}

int cuDeviceGetPCIBusId(char *bus, int size, int device)
{
    int code = checked(device);
    if (code)
        return code;
    return standin_device_text(FILE_OF, "device", device, "bus", bus, (size_t)size) ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

/* Every byte is the number of the device, from 1 on. */
int cuDeviceGetUuid_v2(unsigned char *uuid, int device)
{
    int code = checked(device);
    for (int at = 0; code == CUDA_SUCCESS && at < 16; at++)
        uuid[at] = (unsigned char)(device + 1);
    return code;
}
