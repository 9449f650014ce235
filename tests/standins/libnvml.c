/* A stand-in libnvidia-ml.so.1: the documented calls of NVML that list the GPUs, and no more.
 *
 * Its answers come from the file that STANDIN_NVML names; see README.md.
 */
#include "standin.h"

#define FILE_OF "STANDIN_NVML"
#define NVML_SUCCESS 0
#define NVML_ERROR_UNINITIALIZED 1
#define NVML_ERROR_INVALID_ARGUMENT 2
#define NVML_ERROR_NOT_SUPPORTED 3
#define NVML_ERROR_GPU_IS_LOST 15

typedef struct {
    unsigned long long total, free, used;
} memory_t;

static int initialised;
static int handles[256];

static int start(void)
{
    standin_misbehave(FILE_OF, "nvmlInit");
    int code = (int)standin_number(FILE_OF, "nvmlInit", NVML_SUCCESS);
    initialised = code == NVML_SUCCESS;
    return code;
}

/* The index behind a handle, or the error as a negative number. */
static int index_of(void *handle)
{
    char text[8];
    int index = (int)((int *)handle - handles);
    if (!initialised)
        return -NVML_ERROR_UNINITIALIZED;
    if (index < 0 || index >= standin_count(FILE_OF, "gpu"))
        return -NVML_ERROR_INVALID_ARGUMENT;
    return standin_device_text(FILE_OF, "gpu", index, "lost", text, sizeof text) ? index : -NVML_ERROR_GPU_IS_LOST;
}

static int text_of(void *handle, const char *name, char *into, unsigned size)
{
    int index = index_of(handle);
    if (index < 0)
        return -index;
    return standin_device_text(FILE_OF, "gpu", index, name, into, size) ? NVML_ERROR_NOT_SUPPORTED : NVML_SUCCESS;
}

static int system_text(const char *key, char *into, unsigned size)
{
    const char *text = standin_text(FILE_OF, key);
    if (!initialised)
        return NVML_ERROR_UNINITIALIZED;
    if (!text)
        return NVML_ERROR_NOT_SUPPORTED;
    snprintf(into, size, "%s", text);
    return NVML_SUCCESS;
}

int nvmlInit(void) { return start(); }
int nvmlInit_v2(void) { return start(); }
int nvmlInitWithFlags(unsigned flags) { (void)flags; return start(); }
int nvmlShutdown(void) { initialised = 0; return NVML_SUCCESS; }

const char *nvmlErrorString(int code)
{
    switch (code) {
    case 0: return "Success";
    case 1: return "Uninitialized";
    case 3: return "Not Supported";
    case 4: return "Insufficient Permissions";
    case 9: return "Driver Not Loaded";
    case 15: return "GPU is lost";
    case 18: return "Driver/library version mismatch";
    default: return "Unknown Error";
    }
}

int nvmlSystemGetDriverVersion(char *into, unsigned size) { return system_text("driver_version", into, size); }
int nvmlSystemGetNVMLVersion(char *into, unsigned size) { return system_text("nvml_version", into, size); }

int nvmlSystemGetCudaDriverVersion(int *version)
{
    *version = (int)standin_number(FILE_OF, "cuda_version", 12040);
    return NVML_SUCCESS;
}

int nvmlSystemGetCudaDriverVersion_v2(int *version) { return nvmlSystemGetCudaDriverVersion(version); }

int nvmlDeviceGetCount(unsigned *count)
{
    standin_misbehave(FILE_OF, "nvmlDeviceGetCount");
    *count = (unsigned)standin_count(FILE_OF, "gpu");
    return initialised ? NVML_SUCCESS : NVML_ERROR_UNINITIALIZED;
}

int nvmlDeviceGetCount_v2(unsigned *count) { return nvmlDeviceGetCount(count); }

int nvmlDeviceGetHandleByIndex(unsigned index, void **handle)
{
    if (!initialised)
        return NVML_ERROR_UNINITIALIZED;
    if (index >= (unsigned)standin_count(FILE_OF, "gpu") || index >= sizeof handles / sizeof *handles)
        return NVML_ERROR_INVALID_ARGUMENT;
    *handle = &handles[index];
    return NVML_SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **handle) { return nvmlDeviceGetHandleByIndex(index, handle); }
int nvmlDeviceGetName(void *handle, char *into, unsigned size) { return text_of(handle, "name", into, size); }
int nvmlDeviceGetUUID(void *handle, char *into, unsigned size) { return text_of(handle, "uuid", into, size); }

int nvmlDeviceGetMemoryInfo(void *handle, memory_t *memory)
{
    char text[32];
    int code = text_of(handle, "memory_mib", text, sizeof text);
    if (code)
        return code;
    memory->total = strtoull(text, NULL, 10) << 20;
    memory->used = 0;
    memory->free = memory->total;
    return NVML_SUCCESS;
}

int nvmlDeviceGetCudaComputeCapability(void *handle, int *major, int *minor)
{
    char text[32];
    int code = text_of(handle, "cc", text, sizeof text);
    if (code)
        return code;
    return sscanf(text, "%d.%d", major, minor) == 2 ? NVML_SUCCESS : NVML_ERROR_NOT_SUPPORTED;
}
