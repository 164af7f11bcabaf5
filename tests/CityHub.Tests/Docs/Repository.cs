namespace CityHub.Tests.Docs;

/// <summary>The repository that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string File(string path) => Path.Combine(Root, path);

    /// <summary>Every file of ours with this ending, as paths from the root.</summary>
    public static IEnumerable<string> Files(string ending) =>
        Directory.EnumerateFiles(Root, "*" + ending, new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None })
            .Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/'))
            .Where(f => !f.Split('/').Any(p => p is "artifacts" or "bin" or "obj" or "node_modules" or ".git" or "TestResults"))
            .Order(StringComparer.Ordinal);

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "CityHub.slnx")))
                return folder.FullName;
        throw new InvalidOperationException("CityHub.slnx is in no folder above the tests.");
    }
}
