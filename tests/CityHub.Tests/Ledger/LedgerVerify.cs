using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CityHub.Tests.Ledger;

/// <summary>
/// The program <c>shared/tools/ledger-verify</c> beside the repository: others' code (the Go checksum-database library) that reads what we wrote.
/// Built once a run. Tests skip where it or Go is absent.
/// </summary>
internal static class LedgerVerify
{
    private const string Library = "/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog";
    private static readonly Lazy<Task<string>> Binary = new(BuildAsync);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<(bool Passed, string Said)> RunAsync(params string[] words)
    {
        using var process = Start(await NeedAsync(), words, null);
        var said = await process.StandardOutput.ReadToEndAsync(Cancel) + await process.StandardError.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        return (process.ExitCode == 0, said.TrimEnd());
    }

    /// <summary>Its witness, on a free port. Ends with what is returned.</summary>
    public static async Task<LedgerVerifyWitness> WitnessAsync(string policyFile, byte[] seed, string name)
    {
        var binary = await NeedAsync();
        int port;
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            port = ((IPEndPoint)free.LocalEndpoint).Port;
        }

        var process = Start(binary, ["witness", $"127.0.0.1:{port}", policyFile, Convert.ToHexStringLower(seed), name], null);
        var line = await process.StandardOutput.ReadLineAsync(Cancel);
        Assert.StartsWith("witness on", line, StringComparison.Ordinal);
        for (var i = 0; ; i++)
        {
            using var probe = new TcpClient();
            try
            {
                await probe.ConnectAsync(IPAddress.Loopback, port, Cancel);
                return new LedgerVerifyWitness(process, $"http://127.0.0.1:{port}");
            }
            catch (SocketException) when (i < 500)
            {
                await Task.Delay(10, Cancel);
            }
        }
    }

    private static async Task<string> NeedAsync()
    {
        Assert.SkipUnless(SharedData.TryFind("../tools/ledger-verify", out _), "shared/tools/ledger-verify is not beside the repository.");
        Assert.SkipUnless(Directory.Exists(Library) && (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "go"))), "ledger-verify needs Go with golang.org/x/mod (Debian: golang-go, golang-golang-x-mod-dev).");
        return await Binary.Value;
    }

    private static async Task<string> BuildAsync()
    {
        Assert.True(SharedData.TryFind("../tools/ledger-verify", out var script));
        var folder = Path.Combine(Path.GetTempPath(), "cityhub-ledger-verify");
        Directory.CreateDirectory(folder);

        // Any command builds it. Two test runs at once build one after the other.
        FileStream? held = null;
        for (var i = 0; held is null; i++)
        {
            try
            {
                held = new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (i < 1_200)
            {
                await Task.Delay(100, Cancel);
            }
        }

        await using (held)
        {
            using var build = Start("bash", [Path.GetFullPath(script), "vkey", new string('0', 64), "probe", "1"], folder);
            var said = await build.StandardOutput.ReadToEndAsync(Cancel) + await build.StandardError.ReadToEndAsync(Cancel);
            await build.WaitForExitAsync(Cancel);
            Assert.True(build.ExitCode == 0, said);
            var own = Path.Combine(Directory.CreateTempSubdirectory("cityhub-lv-").FullName, "lv");
            File.Copy(Path.Combine(folder, "lv"), own);
            return own;
        }
    }

    private static Process Start(string program, string[] words, string? build)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8 };
        foreach (var word in words)
            start.ArgumentList.Add(word);
        if (build is not null)
            start.Environment["LEDGER_VERIFY_DIR"] = build;
        return Process.Start(start) ?? throw new InvalidOperationException(program);
    }
}

internal sealed class LedgerVerifyWitness(Process process, string url) : IDisposable
{
    public string Url => url;

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }
}
