namespace CityHub.Privacy;

/// <summary>A file that appears under its name only when it is complete and on the disk; what stood there before stays until then.</summary>
internal static class WholeFile
{
    /// <summary>A crash leaves at most a file that ends in <c>.part</c> beside it, which the next write to the same name replaces.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        var part = path + ".part";
        try
        {
            using (var file = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None, 1))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }

            File.Move(part, path, overwrite: true);
        }
        catch
        {
            File.Delete(part);
            throw;
        }
    }
}
