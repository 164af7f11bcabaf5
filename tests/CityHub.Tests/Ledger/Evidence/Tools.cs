using System.ComponentModel;
using System.Diagnostics;

namespace CityHub.Tests.Ledger.Evidence;

/// <summary>The ordinary tools of this machine, as somebody uses them who does not have our program.</summary>
internal static class Tools
{
    private static readonly Lazy<bool> There = new(() => Run("/bin/sh", ["-c", "openssl version | grep -q 'OpenSSL 3' && command -v cmp od sed sha256sum"], "/").Exit == 0);

    public static void Need() => Assert.SkipUnless(There.Value, "This machine lacks one of sh, openssl 3, sha256sum, cmp, od and sed.");

    public static (int Exit, string Said) Run(string program, IReadOnlyList<string> words, string folder)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, words) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true }) ?? throw new InvalidOperationException(program);
            var error = process.StandardError.ReadToEndAsync();
            var said = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, said + error.GetAwaiter().GetResult());
        }
        catch (Win32Exception e)
        {
            return (127, e.Message);
        }
    }
}
