using System.Diagnostics;

namespace CityHub.Tests.Conformance;

/// <summary>Programs of others that judge us; a test skips, saying what is missing, where one is absent.</summary>
internal static class Programs
{
    public static async Task<(int Code, string Output)> RunAsync(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start) ?? throw new InvalidOperationException(program);
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await errors);
    }

    public static void Need(string program)
    {
        var found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));
        Assert.SkipUnless(found, $"{program} is not installed here.");
    }

    /// <summary>The folder of the tests' sources, where scripts lie.</summary>
    public static string Sources(params ReadOnlySpan<string> below)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (Directory.Exists(Path.Combine(folder.FullName, "tests", "CityHub.Tests", "Conformance")))
                return Path.Combine([folder.FullName, "tests", "CityHub.Tests", "Conformance", .. below]);
        Assert.Skip("The sources of the tests are not above the place where they run.");
        return "";
    }
}
