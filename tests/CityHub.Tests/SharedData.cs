namespace CityHub.Tests;

/// <summary>Real data that lies beside the repository in <c>shared/data</c> and is never copied into it. Tests skip where it is absent.</summary>
internal static class SharedData
{
    private static readonly string? Root = Find();

    /// <param name="name">A folder or file below shared/data, e.g. <c>beijing-air</c>.</param>
    public static bool TryFind(string name, out string path)
    {
        path = Root is null ? "" : Path.Combine(Root, name);
        return Root is not null && Path.Exists(path);
    }

    /// <summary>The path; skips the test, saying what is missing, where it is absent.</summary>
    public static string Need(string name)
    {
        Assert.SkipUnless(TryFind(name, out var path), $"shared/data/{name} is not beside the repository.");
        return path;
    }

    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var data = Path.Combine(folder.FullName, "shared", "data");
            if (Directory.Exists(data))
                return data;
        }

        return null;
    }
}
