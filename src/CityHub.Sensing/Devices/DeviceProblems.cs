using CityHub.Core.Problems;

namespace CityHub.Sensing.Devices;

/// <summary>The refusals of the device register.</summary>
public static class DeviceProblems
{
    public static readonly ProblemKind NotADevice = new("not-a-device", "The device cannot be registered as it is described", 400);
    public static readonly ProblemKind DeviceUnknown = new("device-unknown", "There is no device of that id", 404);
    public static readonly ProblemKind DeviceExists = new("device-exists", "There is a device of that id already", 409);
    public static readonly ProblemKind DeviceUsesTokens = new("device-uses-tokens", "The device logs in with hub tokens and has no secret", 409);
    public static readonly ProblemKind DeviceHasNoMapping = new("device-has-no-mapping", "Nothing says how to read what the device sends", 409);
}
