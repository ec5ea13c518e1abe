package ai.tandem.app.another;

import android.content.ContentProvider;
import android.content.ContentValues;
import android.database.Cursor;
import android.database.MatrixCursor;
import android.net.Uri;
import android.os.ParcelFileDescriptor;
import android.provider.OpenableColumns;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Another app's files: `file/NAME` is given as a file and `stream/NAME` as a pipe; each holds its own address. */
public final class FileProvider extends ContentProvider {
  public static final Uri ROOT = Uri.parse("content://ai.tandem.app.test.files");

  @Override
  public boolean onCreate() {
    return true;
  }

  @Override
  public ParcelFileDescriptor openFile(Uri uri, String mode) throws FileNotFoundException {
    byte[] content = uri.toString().getBytes(StandardCharsets.UTF_8);
    try {
      if (uri.getPathSegments().get(0).equals("stream")) {
        ParcelFileDescriptor[] pipe = ParcelFileDescriptor.createPipe();
        try (FileOutputStream output = new ParcelFileDescriptor.AutoCloseOutputStream(pipe[1])) {
          output.write(content);
        }
        return pipe[0];
      }
      File file = new File(getContext().getCacheDir(), "given");
      try (FileOutputStream output = new FileOutputStream(file)) {
        output.write(content);
      }
      return ParcelFileDescriptor.open(file, ParcelFileDescriptor.MODE_READ_ONLY);
    } catch (IOException failure) {
      throw new FileNotFoundException(failure.getMessage());
    }
  }

  @Override
  public Cursor query(Uri uri, String[] columns, String selection, String[] arguments, String order) {
    MatrixCursor row = new MatrixCursor(new String[] {OpenableColumns.DISPLAY_NAME});
    row.addRow(new Object[] {uri.getLastPathSegment()});
    return row;
  }

  @Override
  public String getType(Uri uri) {
    return "application/octet-stream";
  }

  @Override
  public Uri insert(Uri uri, ContentValues values) {
    return null;
  }

  @Override
  public int delete(Uri uri, String selection, String[] arguments) {
    return 0;
  }

  @Override
  public int update(Uri uri, ContentValues values, String selection, String[] arguments) {
    return 0;
  }
}
