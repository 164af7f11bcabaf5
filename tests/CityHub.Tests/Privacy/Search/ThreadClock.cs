using System.Globalization;
using System.Runtime.InteropServices;

namespace CityHub.Tests.Privacy;

/// <summary>The processor time of this thread: on a busy machine the figure that means something.</summary>
internal static partial class ThreadClock
{
    private const int ClockThreadCpuTime = 3;

    public static TimeSpan Now
    {
        get
        {
            if (!OperatingSystem.IsLinux())
                return System.Diagnostics.Process.GetCurrentProcess().TotalProcessorTime;
            _ = GetTime(ClockThreadCpuTime, out var time);
            return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1000.0);
        }
    }

    /// <summary>The most memory the process ever held, in MiB.</summary>
    public static int PeakMegabytes => OperatingSystem.IsLinux()
        ? int.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024
        : 0;

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out Spec time);

    private struct Spec
    {
        public long Seconds, Nanoseconds;
    }
}
